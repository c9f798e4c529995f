/// Runs trusted text on a connection of its own. For set-up and tests: nothing here is ever bound.
public enum PostgresScript {
    private static let timeoutMicroseconds: Int64 = 30_000_000

    /// Runs a script of one or more statements outside any pool, and returns when it is done.
    public static func run(_ script: String, url: String) async throws(SQLFault) {
        try await OwnThread.run("pg-script") { () throws(SQLFault) in
            var configuration = DatabaseConfiguration(url: url)
            configuration.applicationName = "throughline-script"
            let session = try Session.open(configuration, until: Monotonic.now() + Self.timeoutMicroseconds)
            try session.run(script: script)
        }
    }
}
