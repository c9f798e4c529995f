internal import Glibc
public import Logging
public import NIOCore
internal import NIOPosix
public import ServiceLifecycle
public import Telemetry
public import Vocabulary

/// What a process is: its name, what it can be told beyond what every process can, and how it is put together.
public struct ProcessDefinition: Sendable {
    public let name: String
    public let version: String
    public let settings: [Setting]
    /// What is wrong between settings that are each right, to be reported with everything else.
    public let check: @Sendable (SettingValues) -> [String]
    /// Puts the process together, without connecting anywhere yet.
    public let assemble: @Sendable (ProcessEnvironment) async throws -> AssembledProcess
    /// What `--migrate` does, where the process has a database.
    public let migration: MigrationDefinition?

    public init(
        name: String,
        version: String,
        settings: [Setting] = [],
        check: @escaping @Sendable (SettingValues) -> [String] = { _ in [] },
        migration: MigrationDefinition? = nil,
        assemble: @escaping @Sendable (ProcessEnvironment) async throws -> AssembledProcess
    ) {
        self.name = name
        self.version = version
        self.settings = settings
        self.check = check
        self.migration = migration
        self.assemble = assemble
    }
}

/// What `--migrate` does, and what it must be told; the settings for serving are neither read nor checked.
public struct MigrationDefinition: Sendable {
    public let settings: [Setting]
    public let run: @Sendable (ProcessEnvironment) async throws -> Void

    public init(settings: [Setting], run: @escaping @Sendable (ProcessEnvironment) async throws -> Void) {
        self.settings = settings
        self.run = run
    }
}

/// What every process finds when it is put together.
public struct ProcessEnvironment: Sendable {
    public let configuration: ProcessConfiguration
    /// All settings, for the process' own typed configuration.
    public let values: SettingValues
    public let logger: Logger
    public let metrics: ServiceMetrics
    public let health: HealthChecks
    public let clock: WallClock
    public let group: any EventLoopGroup
    /// Whether the group's loops turn: what liveness is about.
    public let monitor: LoopMonitor

    /// A logger for one part of the process; its lines carry `label`.
    public let makeLogger: @Sendable (_ label: String) -> Logger
    /// The log of requests for a part that answers them; `nil` where the level leaves it out.
    public let makeAccessLog: @Sendable (_ label: String) -> AccessLog?
}

/// A process put together: what starts first is listed first.
public struct AssembledProcess: Sendable {
    /// What servers and background work need: pools, clients.
    public var parts: [any ProcessPart]
    /// Consumers and sweeps: they run beside the servers and stop after them.
    public var background: [any Service]
    /// What takes requests: starts last and drains first.
    public var servers: [any ProcessPart]

    public init(parts: [any ProcessPart] = [], background: [any Service] = [], servers: [any ProcessPart] = []) {
        self.parts = parts
        self.background = background
        self.servers = servers
    }
}

/// Runs the process to its end and exits: the one line of a `main.swift`.
public func processMain(_ definition: ProcessDefinition) async -> Never {
    // A peer that went away must cost its own connection only.
    signal(SIGPIPE, SIG_IGN)
    let code = await ProcessMain(definition).run(
        arguments: CommandLine.arguments,
        environment: ProcessMain.environmentVariables()
    )
    exit(code)
}

/// The steps of a process' life; separate from `processMain` so that tests can take them without ending themselves.
struct ProcessMain {
    private let definition: ProcessDefinition
    private let descriptor: Int32
    private let print: @Sendable (String) -> Void
    private let complain: @Sendable (String) -> Void

    init(
        _ definition: ProcessDefinition,
        logDescriptor: Int32 = LogWriter.standardOutput,
        print: @escaping @Sendable (String) -> Void = { Self.write($0, to: STDOUT_FILENO) },
        complain: @escaping @Sendable (String) -> Void = { Self.write($0, to: STDERR_FILENO) }
    ) {
        self.definition = definition
        self.descriptor = logDescriptor
        self.print = print
        self.complain = complain
    }

    private var commonSettings: [Setting] { ProcessConfiguration.settings(for: self.definition.name) }
    private var settings: [Setting] { self.commonSettings + self.definition.settings }
    private var migrationSettings: [Setting] { self.definition.migration?.settings ?? [] }

    func run(arguments: [String], environment: [String: String]) async -> Int32 {
        if arguments.contains("--help") {
            let settings = self.settings + self.migrationSettings
            self.print(ConfigurationText.help(service: self.definition.name, settings: settings))
            return ExitCode.success
        }
        if arguments.contains("--version") {
            self.print("\(self.definition.name) \(self.definition.version)\n")
            return ExitCode.success
        }
        do throws(ConfigurationErrors) {
            let isMigrating = arguments.contains("--migrate")
            let (values, problems) = await SettingsReader.collect(
                isMigrating ? self.commonSettings + self.migrationSettings : self.settings,
                knowing: self.settings + self.migrationSettings,
                arguments: arguments,
                environment: environment
            )
            let all = problems + (isMigrating ? [] : self.definition.check(values))
            guard all.isEmpty else { throw ConfigurationErrors(all) }
            if arguments.contains("--print-config") {
                self.print(ConfigurationText.printed(values))
                return ExitCode.success
            }
            return try await self.run(values, migrating: isMigrating)
        } catch {
            let lines = error.problems.map { "  \($0)\n" }.joined()
            self.complain("\(self.definition.name): the configuration is wrong:\n\(lines)")
            return ExitCode.configuration
        }
    }

    private func run(_ values: SettingValues, migrating: Bool) async throws(ConfigurationErrors) -> Int32 {
        let name = self.definition.name
        let configuration = ProcessConfiguration(name: name, version: self.definition.version, values: values)
        let writer = LogWriter(descriptor: self.descriptor)
        defer { writer.close() }
        let makeLogger: @Sendable (String) -> Logger = { label in
            var logger = Logger(label: label, service: name, level: configuration.logLevel, writer: writer)
            logger[metadataKey: "instance"] = "\(configuration.instance)"
            return logger
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.ioThreads)
        let monitor = LoopMonitor(group)
        let environment = ProcessEnvironment(
            configuration: configuration,
            values: values,
            logger: makeLogger(name),
            metrics: ServiceMetrics(),
            health: HealthChecks(),
            clock: .system,
            group: group,
            monitor: monitor,
            makeLogger: makeLogger,
            makeAccessLog: { label in
                AccessLog(
                    label: label,
                    service: name,
                    instance: configuration.instance,
                    level: configuration.logLevel,
                    writer: writer
                )
            }
        )
        let result: Result<Int32, ConfigurationErrors>
        do {
            result = .success(try await (migrating ? self.migrate(environment) : self.serve(environment, writer)))
        } catch let errors as ConfigurationErrors {
            result = .failure(errors)
        } catch {
            environment.logger.critical(migrating ? "cannot migrate" : "cannot start", error: error)
            result = .success(ExitCode.failure)
        }
        monitor.stop()
        try? await group.shutdownGracefully()
        return try result.get()
    }

    private func migrate(_ environment: ProcessEnvironment) async throws -> Int32 {
        guard let migration = self.definition.migration else {
            throw ConfigurationErrors(["--migrate: \(self.definition.name) has no database"])
        }
        try await migration.run(environment)
        environment.logger.notice("the database is up to date")
        return ExitCode.success
    }

    private func serve(_ environment: ProcessEnvironment, _ writer: LogWriter) async throws -> Int32 {
        let configuration = environment.configuration
        ProcessMetrics.register(
            in: environment.metrics.registry,
            service: configuration.name,
            version: configuration.version
        )
        let assembled = try await self.definition.assemble(environment)
        let routes = AdminRoutes(
            name: configuration.name,
            version: configuration.version,
            instance: configuration.instance,
            health: environment.health,
            registry: environment.metrics.registry,
            monitor: environment.monitor
        )
        let runner = ProcessRunner(
            logger: environment.logger,
            writer: writer,
            health: environment.health,
            leadSeconds: configuration.shutdownLeadSeconds
        )
        environment.logger.notice(
            "starting",
            metadata: ["version": "\(configuration.version)", "admin": "\(configuration.adminAddress)"]
        )
        return await runner.run(
            [AdminServer(routes, on: configuration.adminAddress)] + assembled.parts,
            background: assembled.background,
            servers: assembled.servers
        )
    }

    // MARK: The process' surroundings

    static func environmentVariables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
