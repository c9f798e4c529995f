public import Contracts
public import Logging
public import NIOCore
public import Postgres
internal import Resources
public import ServiceLifecycle
public import Telemetry
public import Vocabulary
public import Wire

/// What a service is: all that a `main.swift` says.
///
/// ```swift
/// await serviceMain(
///     ServiceDefinition(name: "crm", migrations: CRM.migrations) { environment in
///         try await crmService(environment)
///     }
/// )
/// ```
public struct ServiceDefinition: Sendable {
    public let name: String
    public let version: String
    public let migrations: [Migration]
    /// Settings of this service alone; read them from `ServiceEnvironment.values`.
    public let settings: [Setting]
    /// What is wrong with those, beyond what each must look like.
    public let check: @Sendable (SettingValues) -> [String]
    /// Puts the service together. The database is not connected yet.
    public let assemble: @Sendable (ServiceEnvironment) async throws -> AssembledService

    public init(
        name: String,
        version: String = Build.version,
        migrations: [Migration],
        settings: [Setting] = [],
        check: @escaping @Sendable (SettingValues) -> [String] = { _ in [] },
        assemble: @escaping @Sendable (ServiceEnvironment) async throws -> AssembledService
    ) {
        self.name = name
        self.version = version
        self.migrations = migrations
        self.settings = settings
        self.check = check
        self.assemble = assemble
    }
}

/// What a service finds when it is put together.
public struct ServiceEnvironment: Sendable {
    public let configuration: ServiceConfiguration
    public let values: SettingValues
    public let logger: Logger
    public let metrics: ServiceMetrics
    public let health: HealthChecks
    public let clock: WallClock
    public let group: any EventLoopGroup
    public let database: Database
    public let peers: Peers
    /// A logger for one part of the service; its lines carry `label`.
    public let makeLogger: @Sendable (_ label: String) -> Logger
}

/// A service put together.
public struct AssembledService: Sendable {
    /// What it does with calls.
    public var handler: any CallHandler
    /// Consumers and sweeps. They stop after the server has drained and before the database closes.
    public var background: [any Service]
    /// Further conditions of readiness, such as how far consumers are behind.
    public var checks: [(name: String, check: HealthChecks.Check)]

    public init(
        handler: any CallHandler,
        background: [any Service] = [],
        checks: [(name: String, check: HealthChecks.Check)] = []
    ) {
        self.handler = handler
        self.background = background
        self.checks = checks
    }
}

/// Runs a service to its end and exits.
public func serviceMain(_ definition: ServiceDefinition) async -> Never {
    await processMain(ProcessDefinition(definition))
}

extension ProcessDefinition {
    /// A service is a process with a database, peers and a Wire server.
    public init(_ service: ServiceDefinition) {
        self.init(
            name: service.name,
            version: service.version,
            settings: ServiceConfiguration.settings(for: service.name) + service.settings,
            check: { service.problems(in: $0) },
            migration: MigrationDefinition(settings: ServiceConfiguration.migrationSettings(for: service.name)) {
                try await service.migrate($0)
            },
            assemble: { try await service.assembleProcess($0) }
        )
    }
}

extension ServiceDefinition {
    func problems(in values: SettingValues) -> [String] {
        let process = ProcessConfiguration(name: self.name, version: self.version, values: values)
        return ServiceConfiguration(process, values).problems + self.check(values)
    }

    func migrate(_ process: ProcessEnvironment) async throws {
        let applied = try await Migrator.migrate(
            url: process.values.string("database.owner-url") ?? "",
            migrations: self.migrations,
            serviceRole: process.values.string("database.role") ?? ""
        )
        for name in applied { process.logger.notice("migrated", metadata: ["migration": "\(name)"]) }
    }

    private static let keyCleaningInterval: Duration = .seconds(3_600)

    /// Every service keeps idempotency keys, for as long as is promised.
    private func keyCleaning(of database: Database, _ process: ProcessEnvironment) -> Periodic {
        let keys = IdempotencyKeys(database)
        return Periodic(
            "idempotency-keys",
            every: Self.keyCleaningInterval,
            clock: process.clock,
            logger: process.logger
        ) { now in
            _ = try await keys.deleteExpired(at: now)
        }
    }

    func assembleProcess(_ process: ProcessEnvironment) async throws -> AssembledProcess {
        let configuration = ServiceConfiguration(process.configuration, process.values)
        let security = try configuration.wire.security()
        let identity = WireIdentity(
            service: self.name,
            instance: configuration.process.instance,
            build: self.version
        )
        let database = Database(configuration.database.instrumented(by: process.metrics))
        let peers = Peers(
            configuration.wire,
            identity: identity,
            security: security,
            metrics: process.metrics,
            group: process.group
        )
        let service = try await self.assemble(
            ServiceEnvironment(
                configuration: configuration,
                values: process.values,
                logger: process.logger,
                metrics: process.metrics,
                health: process.health,
                clock: process.clock,
                group: process.group,
                database: database,
                peers: peers,
                makeLogger: process.makeLogger
            )
        )
        let databasePart = DatabasePart(database, migrations: self.migrations)
        let server = WireServerPart(
            WireServer(
                WireServerConfiguration(
                    identity: identity,
                    host: configuration.wireAddress.host,
                    port: configuration.wireAddress.port,
                    security: security
                ),
                handler: MeasuredCallHandler(service.handler, metrics: process.metrics),
                group: process.group
            ),
            drainLimit: .seconds(configuration.process.drainSecondsMax),
            logger: process.logger
        )
        databasePart.addChecks(to: process.health)
        databasePart.addMetrics(to: process.metrics.registry)
        server.addChecks(to: process.health)
        for (name, check) in service.checks { process.health.add(name, check) }
        return AssembledProcess(
            parts: [databasePart, peers],
            background: service.background + [self.keyCleaning(of: database, process)],
            servers: [server]
        )
    }
}
