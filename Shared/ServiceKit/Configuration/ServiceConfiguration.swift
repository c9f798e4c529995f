public import Postgres

/// All that a service can be told, read once before anything starts.
public struct ServiceConfiguration: Sendable {
    public let process: ProcessConfiguration
    public let wire: WireSettings
    /// Where the service listens for Wire.
    public let wireAddress: Address
    /// As the service's own role, which owns nothing.
    public let database: DatabaseConfiguration
    /// As the owner of the tables; only migrations use it.
    public let ownerURL: String?
    /// The role that migrations grant access to.
    public let databaseRole: String

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
            Setting("database.url", .text, secret: true, required: true, "PostgreSQL as the service's role."),
            Setting("database.owner-url", .text, secret: true, "PostgreSQL as the owner of the tables; for --migrate."),
            Setting("database.role", .text, default: name, "The role that --migrate grants access to."),
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

    init(_ process: ProcessConfiguration, _ values: SettingValues) throws(ConfigurationErrors) {
        self.process = process
        self.wireAddress = Address(
            host: values.string("wire.host") ?? ServiceDirectory.loopback,
            port: values.int("wire.port") ?? 0
        )
        self.wire = try WireSettings(values, listening: self.wireAddress)
        var database = DatabaseConfiguration(url: values.string("database.url") ?? "")
        database.applicationName = process.instance
        database.readConnections = values.int("pool.read-connections") ?? database.readConnections
        database.transactionConnections = values.int("pool.transaction-connections") ?? database.transactionConnections
        database.acquireTimeoutMilliseconds =
            values.int("pool.acquire-milliseconds") ?? database.acquireTimeoutMilliseconds
        database.statementTimeoutMilliseconds =
            values.int("pool.statement-milliseconds") ?? database.statementTimeoutMilliseconds
        self.database = database
        self.ownerURL = values.string("database.owner-url")
        self.databaseRole = values.string("database.role") ?? process.name
    }
}
