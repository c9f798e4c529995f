public import Postgres
internal import Synchronization

/// Keeps every read that a service sends, so that a test can have the very statement explained.
public final class ReadLog: Sendable {
    /// One statement as it went to the database.
    struct Read: Hashable, Sendable {
        let scope: TenantScope
        let sql: SQL
        let values: [SQLValue]
    }

    private let reads = Mutex<[Read]>([])

    public init() {}

    /// The tests' configuration, with everything that is read noted here.
    public var configuration: DatabaseConfiguration {
        var configuration = TestServer.configuration
        configuration.observeRead = { scope, sql, values in
            self.reads.withLock { $0.append(Read(scope: scope, sql: sql, values: values)) }
        }
        return configuration
    }

    /// What was read since it was taken last.
    func take() -> [Read] {
        self.reads.withLock { reads in
            defer { reads.removeAll() }
            return reads
        }
    }
}
