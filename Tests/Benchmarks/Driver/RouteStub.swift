internal import ArgumentParser
internal import Contracts
internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import Wire

/// `gateway-route`: a service whose operations cost nothing. It publishes the catalog of the one whose place it takes, so that the
/// gateway routes, authenticates and asserts as it always does.
struct RouteStub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Answer a service's calls with a fixed body.")

    @Argument var service: String
    @Option var port: Int
    @Option var keyFile: String
    @Option var catalogFile: String
    @Option var bytes = 600

    func run() async throws {
        let stub = Stub(
            service: self.service,
            catalog: try Self.contents(of: self.catalogFile),
            body: Array(#"{"text":""#.utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: max(0, self.bytes - 11))
                + Array(#""}"#.utf8)
        )
        let server = WireServer(
            WireServerConfiguration(
                identity: WireIdentity(service: self.service, instance: "\(self.service)-stub", build: "bench"),
                port: self.port,
                security: .key(try Self.contents(of: self.keyFile).filter { $0 != UInt8(ascii: "\n") })
            ),
            handler: stub,
            group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        )
        _ = try await server.start()
        try await Driver.serveUntilEnded()
    }

    private static func contents(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private struct Stub: CallHandler {
        let service: String
        let catalog: [UInt8]
        let body: [UInt8]

        var catalogHash: String { "stub" }

        func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
            WireReply(
                httpStatus: 200,
                body: call.operation == "\(self.service).catalog.get/1" ? self.catalog : self.body
            )
        }

        func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd { .ok }

        func isStream(_ operation: String) -> Bool { false }
    }
}
