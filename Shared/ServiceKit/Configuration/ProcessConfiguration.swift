internal import Glibc
public import Logging
internal import NIOCore

/// What every process can be told, the gateway as well as a service.
public struct ProcessConfiguration: Sendable {
    /// The process' name: `crm`, `gateway`.
    public let name: String
    public let version: String
    /// Tells replicas of one process apart, in logs and in Wire's greeting.
    public let instance: String
    public let logLevel: Logger.Level
    /// Where probes and Prometheus are answered.
    public let adminAddress: Address
    /// Threads of the event loop group.
    public let ioThreads: Int
    /// How long the process goes on serving after it has said that it is not ready, so that balancers notice.
    public let shutdownLeadSeconds: Int
    /// How long running calls may take to end after that.
    public let drainSecondsMax: Int

    /// Half of the cores, for the database and the other processes are there too: on two, one loop that finds several requests
    /// each time it wakes costs less than two that find one.
    static let ioThreadsDefault = min(max(1, System.coreCount / 2), 4)

    /// The settings, with the defaults of the process called `name`.
    static func settings(for name: String) -> [Setting] {
        let port = ServiceDirectory.adminPort(of: name)
        return [
            Setting("instance", .text, default: "\(name)-\(getpid())", "Tells replicas of one process apart."),
            Setting(
                "log.level",
                .choice(Logger.Level.allCases.map(\.rawValue)),
                default: "info",
                "Least level that is logged."
            ),
            Setting("admin.host", .text, default: ServiceDirectory.loopback, "Address for probes and metrics."),
            Setting(
                "admin.port",
                .number(0...65_535),
                default: port.map(String.init),
                required: true,
                "Port for probes and metrics."
            ),
            Setting(
                "io.threads",
                .number(1...64),
                default: String(self.ioThreadsDefault),
                "Threads of the event loop group."
            ),
            Setting(
                "shutdown.lead-seconds",
                .number(0...20),
                default: "0",
                "Time to go on serving after readiness has turned false."
            ),
            Setting("shutdown.drain-seconds", .number(1...25), default: "20", "Time that running calls have to end."),
        ]
    }

    init(name: String, version: String, values: SettingValues) {
        self.name = name
        self.version = version
        self.instance = values.string("instance") ?? name
        self.logLevel = values.string("log.level").flatMap { Logger.Level(rawValue: $0) } ?? .info
        self.adminAddress = Address(
            host: values.string("admin.host") ?? ServiceDirectory.loopback,
            port: values.int("admin.port") ?? 0
        )
        self.ioThreads = values.int("io.threads") ?? 1
        self.shutdownLeadSeconds = values.int("shutdown.lead-seconds") ?? 0
        self.drainSecondsMax = values.int("shutdown.drain-seconds") ?? 1
    }
}
