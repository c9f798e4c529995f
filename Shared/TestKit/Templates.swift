internal import Postgres

/// Migrates each set of migrations once per run, however many tests ask for it at the same time.
actor Templates {
    typealias Address = @Sendable (_ database: String, _ user: String?) -> String

    private struct Key: Hashable {
        let migrations: [Migration]
        let service: String
    }

    private enum Entry {
        case making([CheckedContinuation<Void, Never>])
        case made(Result<String, any Error>)
    }

    private var entries: [Key: Entry] = [:]

    /// The name of the template database, made by whoever asks first.
    func name(_ migrations: [Migration], _ service: String, _ address: @escaping Address) async throws -> String {
        let key = Key(migrations: migrations, service: service)
        switch self.entries[key] {
        case .made(let outcome): return try outcome.get()
        case .making(var waiting):
            await withCheckedContinuation { continuation in
                waiting.append(continuation)
                self.entries[key] = .making(waiting)
            }
            return try await self.name(migrations, service, address)
        case nil:
            self.entries[key] = .making([])
            let outcome: Result<String, any Error>
            do {
                outcome = .success(try await Self.make(key, address))
            } catch {
                outcome = .failure(error)
            }
            if case .making(let waiting) = self.entries[key] {
                for continuation in waiting { continuation.resume() }
            }
            self.entries[key] = .made(outcome)
            return try outcome.get()
        }
    }

    private static func make(_ key: Key, _ address: Address) async throws -> String {
        let name = "template_" + TestServer.unique()
        let admin = address("postgres", nil)
        // The advisory lock keeps two runs on one server from creating a role at the same time.
        try await PostgresScript.run(
            """
            DO $$ BEGIN
                PERFORM pg_advisory_xact_lock(7426);
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(key.service)_owner') THEN
                    CREATE ROLE \(key.service)_owner LOGIN NOSUPERUSER NOBYPASSRLS;
                END IF;
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(key.service)') THEN
                    CREATE ROLE \(key.service) LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
                END IF;
            END $$
            """,
            url: admin
        )
        try await PostgresScript.run("CREATE DATABASE \(name) OWNER \(key.service)_owner", url: admin)
        try await Migrator.migrate(
            url: address(name, "\(key.service)_owner"),
            migrations: key.migrations,
            serviceRole: key.service
        )
        return name
    }
}
