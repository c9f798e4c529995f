public import Postgres
internal import Wire

/// All that a service can be told, read once before anything starts.
public struct ServiceConfiguration: Sendable {
    public let process: ProcessConfiguration
    public let wire: WireSettings
    /// Where the service listens for Wire.
    public let wireAddress: Address
    /// Ed25519 keys with which callers' assertions are verified; more than one while a key is exchanged.
    public let assertionPublicKeyFiles: [String]
    /// As the service's own role, which owns nothing.
    public let database: DatabaseConfiguration

    /// All that a migration of the service called `name` is told: whoever migrates needs no other secret, and whoever serves not this one.
    static func migrationSettings(for name: String) -> [Setting] {
        [
            Setting(
                "database.owner-url",
                .text,
                secret: true,
                required: true,
                "PostgreSQL as the owner of the tables; for --migrate alone."
            ),
            Setting(
                "database.role",
                .text,
                default: "\(name)_service",
                required: true,
                "The role that --migrate grants access to."
            ),
        ]
    }

    /// The settings of the service called `name`.
    static func settings(for name: String) -> [Setting] {
        let port = ServiceDirectory.wirePort(of: name)
        let defaults = DatabaseConfiguration(url: "")
        return [
            Setting("wire.host", .text, default: ServiceDirectory.loopback, "Address for other processes."),
            Setting(
                "wire.port",
                .number(0...65_535),
                default: port.map(String.init),
                required: true,
                "Port for other processes."
            ),
            Setting(
                "assertion.public-key-files",
                .paths,
                required: true,
                "Files with the keys that verify callers' assertions, divided by commas."
            ),
            Setting("database.url", .text, secret: true, required: true, "PostgreSQL as the service's role."),
            Setting(
                "pool.read-connections",
                .number(1...64),
                default: String(defaults.readConnections),
                "Connections for reads, each with many in flight."
            ),
            Setting(
                "pool.transaction-connections",
                .number(1...256),
                default: String(defaults.transactionConnections),
                "Connections for transactions, each with its own thread."
            ),
            Setting(
                "pool.acquire-milliseconds",
                .number(1...60_000),
                default: String(defaults.acquireTimeoutMilliseconds),
                "How long a request waits for a connection."
            ),
            Setting(
                "pool.statement-milliseconds",
                .number(1...600_000),
                default: String(defaults.statementTimeoutMilliseconds),
                "How long one statement may take."
            ),
        ] + WireSettings.settings
    }

    init(_ process: ProcessConfiguration, _ values: SettingValues) {
        self.process = process
        self.wireAddress = Address(
            host: values.string("wire.host") ?? ServiceDirectory.loopback,
            port: values.int("wire.port") ?? 0
        )
        self.wire = WireSettings(values)
        self.assertionPublicKeyFiles = values.list("assertion.public-key-files")
        var database = DatabaseConfiguration(url: values.string("database.url") ?? "")
        database.applicationName = process.instance
        database.readConnections = values.int("pool.read-connections") ?? database.readConnections
        database.transactionConnections = values.int("pool.transaction-connections") ?? database.transactionConnections
        database.acquireTimeoutMilliseconds =
            values.int("pool.acquire-milliseconds") ?? database.acquireTimeoutMilliseconds
        database.statementTimeoutMilliseconds =
            values.int("pool.statement-milliseconds") ?? database.statementTimeoutMilliseconds
        self.database = database
    }

    // MARK: Files

    /// Everything that is wrong between the settings and with the files they name.
    var problems: [String] {
        self.wire.problems(listening: self.wireAddress)
            + self.assertionPublicKeyFiles.flatMap { path in
                ConfigurationErrors.problems { () throws(ConfigurationErrors) in _ = try Self.assertionKey(in: path) }
            }
    }

    /// Verifies the assertions that are made out to `service`.
    func assertionVerifier(for service: String) throws -> AssertionVerifier {
        var keys: [String: [UInt8]] = [:]
        for path in self.assertionPublicKeyFiles {
            let key = try Self.assertionKey(in: path)
            keys[AssertionSigner.keyID(of: key)] = key
        }
        return try AssertionVerifier(publicKeys: keys, audience: service)
    }

    private static let assertionKeyBytes = 32

    private static func assertionKey(in path: String) throws(ConfigurationErrors) -> [UInt8] {
        let flag = "--assertion-public-key-files"
        let key = try KeyFile.hexadecimal(path, of: flag)
        guard key.count == self.assertionKeyBytes else {
            throw ConfigurationErrors(["\(flag): \(path) holds \(key.count) bytes, not \(self.assertionKeyBytes)"])
        }
        return key
    }
}
