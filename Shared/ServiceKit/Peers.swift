internal import NIOCore
internal import Synchronization
internal import Telemetry
public import Wire

/// The other services, each by one client that all handlers of the process share.
///
/// A client exists for the services that were asked for while the process was put together, and for no others.
public final class Peers: ProcessPart {
    public let name = "peers"
    /// How long the answers to calls already made may take when the process ends.
    static let drainLimit = Duration.seconds(2)

    private let settings: WireSettings
    private let identity: WireIdentity
    private let security: WireSecurity
    private let metrics: ServiceMetrics
    private let group: any EventLoopGroup
    private let clients = Mutex<[String: WireClient]>([:])

    init(
        _ settings: WireSettings,
        identity: WireIdentity,
        security: WireSecurity,
        metrics: ServiceMetrics,
        group: any EventLoopGroup
    ) {
        self.settings = settings
        self.identity = identity
        self.security = security
        self.metrics = metrics
        self.group = group
    }

    /// The client of a service. Ask while the process is put together, and keep it.
    public func client(of service: String) -> WireClient {
        let addresses = (self.settings.peers[service] ?? []).map { WireAddress(host: $0.host, port: $0.port) }
        precondition(!addresses.isEmpty, "\(service) is not a service")
        return self.clients.withLock { clients in
            if let client = clients[service] { return client }
            var configuration = WireClientConfiguration(
                identity: self.identity,
                service: service,
                addresses: addresses,
                security: self.security
            )
            configuration.measure(by: self.metrics)
            let client = WireClient(configuration, group: self.group)
            clients[service] = client
            return client
        }
    }

    /// Begins to connect. A service that is not there yet is no reason not to start.
    public func start() async throws {
        for client in self.clients.withLock({ Array($0.values) }) { try client.start() }
    }

    public func stop() async {
        for client in self.clients.withLock({ Array($0.values) }) { await client.drain(limit: Self.drainLimit) }
    }
}
