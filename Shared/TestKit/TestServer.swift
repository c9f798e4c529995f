internal import Foundation
public import Postgres
internal import Synchronization

/// The PostgreSQL of a test run, and a database of its own for each test.
///
/// `TEST_DATABASE_URL` names a local server and a superuser of it; without one, a private server is started under
/// `.run/test-postgres` of the package. Each set of migrations is applied once, to a template that tests are cloned
/// from, so that suites run in parallel and a test's database costs some ten milliseconds.
public final class TestServer: Sendable {
    /// A database made for one test.
    public struct Clone: Sendable {
        /// The service's view, through the service role.
        public let database: Database
        /// The owner's URL: may change tables, bound by row-level security all the same.
        public let ownerURL: String
        public let serviceURL: String
        /// A superuser's URL, whom nothing binds.
        public let adminURL: String

        /// Runs a script as the superuser.
        public func execute(_ script: String) async throws {
            try await PostgresScript.run(script, url: self.adminURL)
        }
    }

    private static let started = Result { try TestServer() }

    /// The run's server, started by whoever asks first.
    public static var shared: TestServer {
        get throws { try Self.started.get() }
    }

    private let address: @Sendable (_ database: String, _ user: String?) -> String
    private let templates = Templates()
    /// Two connections of each kind per test: more tests at a time would only wait for the processor.
    private let gate = Gate(places: 12)

    private init() throws {
        if let url = ProcessInfo.processInfo.environment["TEST_DATABASE_URL"] {
            guard let parts = URLComponents(string: url) else {
                throw ServerProcess.Failure(description: "TEST_DATABASE_URL is not a URL")
            }
            precondition(
                ["127.0.0.1", "localhost", "::1", "[::1]"].contains(parts.host ?? ""),
                "tests create and drop databases: the server of TEST_DATABASE_URL must be local"
            )
            self.address = { database, user in
                var parts = parts
                parts.path = "/" + database
                if let user { parts.user = user }
                return parts.string ?? url
            }
        } else {
            let server = try ServerProcess(under: Self.folder)
            self.address = { database, user in server.url(database: database, user: user) }
        }
    }

    /// `.run/test-postgres` of the package this file is in.
    public static var folder: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".run/test-postgres").path
    }

    /// A few connections, which is what a test needs. The URL is the clone's.
    public static var configuration: DatabaseConfiguration {
        var configuration = DatabaseConfiguration(url: "")
        configuration.readConnections = 2
        configuration.transactionConnections = 2
        configuration.applicationName = "test"
        return configuration
    }

    /// Clones a migrated database, runs `body` with the service role's ``Database`` on it, and drops the clone.
    @discardableResult
    public func withDatabase<Output: Sendable>(
        _ migrations: [Migration],
        service: String = "crm",
        configuration: DatabaseConfiguration = TestServer.configuration,
        _ body: (Database) async throws -> Output
    ) async throws -> Output {
        try await self.withClone(migrations, service: service, configuration: configuration) { clone in
            try await body(clone.database)
        }
    }

    /// As ``withDatabase(_:service:configuration:_:)``, with the owner's and the superuser's ways in beside it.
    @discardableResult
    public func withClone<Output: Sendable>(
        _ migrations: [Migration],
        service: String = "crm",
        configuration: DatabaseConfiguration = TestServer.configuration,
        _ body: (Clone) async throws -> Output
    ) async throws -> Output {
        // A test's second database takes no place: where every test with a place waited for another, none would ever go on.
        guard !Self.hasPlace else { return try await self.cloned(migrations, service, configuration, body) }
        await self.gate.enter()
        do {
            let output = try await Self.$hasPlace.withValue(true) {
                try await self.cloned(migrations, service, configuration, body)
            }
            await self.gate.leave()
            return output
        } catch {
            await self.gate.leave()
            throw error
        }
    }

    /// Whether the test that this task belongs to has a place at the gate.
    @TaskLocal private static var hasPlace = false

    private func cloned<Output: Sendable>(
        _ migrations: [Migration],
        _ service: String,
        _ template: DatabaseConfiguration,
        _ body: (Clone) async throws -> Output
    ) async throws -> Output {
        let source = try await self.templates.name(migrations, service, self.address)
        let name = "test_" + Self.unique()
        let admin = self.address("postgres", nil)
        try await PostgresScript.run("CREATE DATABASE \(name) TEMPLATE \(source) OWNER \(service)_owner", url: admin)
        var configuration = template
        configuration.url = self.address(name, service)
        let clone = Clone(
            database: Database(configuration),
            ownerURL: self.address(name, "\(service)_owner"),
            serviceURL: self.address(name, service),
            adminURL: self.address(name, nil)
        )
        do {
            try await clone.database.start()
            let output = try await body(clone)
            await clone.database.shutdown()
            try await PostgresScript.run("DROP DATABASE \(name) WITH (FORCE)", url: admin)
            return output
        } catch {
            await clone.database.shutdown()
            try await PostgresScript.run("DROP DATABASE \(name) WITH (FORCE)", url: admin)
            throw error
        }
    }

    static func unique() -> String {
        UUID().uuidString.lowercased().filter { $0 != "-" }
    }
}

/// Lets so many tests have a database at a time; the others wait in their order.
private actor Gate {
    private var places: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) {
        self.places = places
    }

    func enter() async {
        if self.places > 0 {
            self.places -= 1
        } else {
            await withCheckedContinuation { self.waiting.append($0) }
        }
    }

    func leave() {
        if self.waiting.isEmpty { self.places += 1 } else { self.waiting.removeFirst().resume() }
    }
}
