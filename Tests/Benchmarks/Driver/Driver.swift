internal import ArgumentParser

/// The load side of `deploy/bench`, and the servers of the figures that need none of the stack's processes.
///
/// Each command prints one line of JSON; `bench.py` runs them, measures CPU time and prints the table.
@main
struct Driver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-driver",
        abstract: "Load and echo servers for deploy/bench.",
        subcommands: [
            FrameServer.self, FrameLoad.self, EchoServer.self, EchoLoad.self, QueryLoad.self, RequestLoad.self,
            OpenLoad.self, RouteStub.self,
        ]
    )

    /// Lets a server answer until `bench.py` ends the process; an hour is longer than any figure takes.
    static func serveUntilEnded() async throws {
        try await Task.sleep(for: .seconds(3_600))
    }
}
