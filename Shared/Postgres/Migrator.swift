internal import Crypto
internal import Vocabulary

/// Why a database could not be migrated, with the migration's name.
public struct MigrationFault: Error, Sendable, Hashable, CustomStringConvertible {
    public let migration: String
    public let reason: String

    public var description: String { "migration \(self.migration): \(self.reason)" }
}

/// Brings a database to the state a service was built for. Forward only.
public enum Migrator {
    /// Any two processes that migrate one database wait for each other here.
    private static let lockKey: Int64 = 0x7468_726f_7567_686c
    private static let connectTimeoutMilliseconds = 10_000
    private static let waitForOthers = "120s"
    private static let lockTimeout = "2s"

    /// Applies what is missing, each migration in a transaction of its own, and returns the names of those applied.
    ///
    /// `url` is the owner's: the service's own role can change no table. `serviceRole` must exist; `app_protect` grants
    /// to it. A lock on a table that is not free within two seconds fails the migration, rather than queueing every
    /// request of the service behind it.
    @discardableResult
    public static func migrate(
        url: String,
        migrations: [Migration],
        serviceRole: String
    ) async throws -> [String] {
        let outcome: Result<[String], MigrationFault> = try await OwnThread.run("pg-migrate") { () throws(SQLFault) in
            let session = try self.open(url, serviceRole)
            do throws(MigrationFault) {
                return .success(try self.apply(self.complete(migrations), session))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// The service's migrations with the built-in ones before them.
    static func complete(_ migrations: [Migration]) -> [Migration] {
        [Bootstrap.migration, Bootstrap.systemPolicies] + migrations
    }

    static func hash(of migration: Migration) -> String {
        Hexadecimal.encode(Array(SHA256.hash(data: migration.sql)))
    }

    private static func open(_ url: String, _ serviceRole: String) throws(SQLFault) -> Session {
        var configuration = DatabaseConfiguration(url: url)
        configuration.applicationName = "throughline-migrate"
        let session = try Session.open(
            configuration,
            until: Monotonic.now() + Int64(Self.connectTimeoutMilliseconds) * 1_000
        )
        try Self.run(
            session,
            "SELECT set_config('app.service_role', $1, false), set_config('lock_timeout', $2, false), "
                + "set_config('search_path', 'public', false)",
            [.text(serviceRole), .text(Self.waitForOthers)]
        )
        try Self.run(session, "SELECT pg_advisory_lock($1)", [.int(Self.lockKey)])
        try Self.run(session, "SELECT set_config('lock_timeout', $1, false)", [.text(Self.lockTimeout)])
        try session.run(script: Bootstrap.ledger)
        return session
    }

    private static func apply(_ migrations: [Migration], _ session: Session) throws(MigrationFault) -> [String] {
        guard Set(migrations.map(\.name)).count == migrations.count else {
            throw MigrationFault(migration: "(all)", reason: "two migrations have the same name")
        }
        var names: [String] = []
        for migration in migrations {
            do throws(SQLFault) {
                let hash = Self.hash(of: migration)
                let applied = try Self.run(
                    session,
                    "SELECT sha256 FROM schema_migration WHERE name = $1",
                    [.text(migration.name)]
                )
                if let row = applied.first {
                    guard try row.text("sha256") == hash else {
                        throw SQLFault(.server, "was applied with other contents; released migrations are not edited")
                    }
                    continue
                }
                try Self.apply(migration, hash, session)
                names.append(migration.name)
            } catch {
                throw MigrationFault(migration: migration.name, reason: error.description)
            }
        }
        return names
    }

    private static func apply(_ migration: Migration, _ hash: String, _ session: Session) throws(SQLFault) {
        guard !migration.sql.contains(0) else { throw SQLFault(.server, "the file contains a NUL byte") }
        try session.run(script: "BEGIN")
        try session.run(script: String(decoding: migration.sql, as: UTF8.self))
        guard session.isInTransaction else {
            throw SQLFault(.server, "the file ends its own transaction; it must hold neither COMMIT nor ROLLBACK")
        }
        try Self.run(
            session,
            "INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)",
            [.text(migration.name), .text(hash)]
        )
        try session.run(script: "COMMIT")
    }

    @discardableResult
    private static func run(_ session: Session, _ sql: String, _ values: [SQLValue]) throws(SQLFault) -> Rows {
        try session.execute(sql, try EncodedParameters(values))
        try session.sync()
        return try session.collect(1, until: .max)[0]
    }
}
