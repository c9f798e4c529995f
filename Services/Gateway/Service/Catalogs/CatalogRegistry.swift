internal import Contracts
internal import Logging
internal import NIOCore
internal import Synchronization
internal import Telemetry
internal import Wire

/// Knows every service's client and catalog, and the routes that follow from them.
///
/// A service says in its hello which catalog it has; where that is news, the catalog is fetched and the table of routes
/// is made anew and swapped. A service that is gone keeps its routes: they answer 503 until it is back.
final class CatalogRegistry: Sendable {
    /// Makes the client of one service; it calls back for each connection.
    typealias MakeClient = (_ service: String, _ onConnect: @escaping @Sendable (Peer) -> Void) -> WireClient

    private struct Service {
        let client: WireClient
        let load = ServiceLoad()
        var catalog: ServiceCatalog?
        var progress = CatalogProgress()
    }

    private struct State {
        var services: [String: Service] = [:]
        var isStopping = false
    }

    /// How long a fetch may take, and how long it is until the next one after it failed.
    static let fetchMilliseconds = 5_000
    static let retryDelay = TimeAmount.milliseconds(500)

    /// The services in the order that decides who was first.
    let services: [String]
    private let group: any EventLoopGroup
    private let metrics: ServiceMetrics
    private let logger: Logger
    private let state = Mutex(State())
    private let current: Mutex<RouteTable>
    private let documents = Mutex<[ObjectIdentifier: PublicDocument]>([:])

    init(
        services: [String],
        group: any EventLoopGroup,
        metrics: ServiceMetrics,
        logger: Logger,
        makeClient: MakeClient
    ) {
        self.services = services
        self.group = group
        self.metrics = metrics
        self.logger = logger
        self.current = Mutex(.empty(metrics))
        for service in services {
            let client = makeClient(service) { [weak self] peer in self?.connected(service, peer.catalogHash) }
            self.state.withLock { $0.services[service] = Service(client: client) }
        }
    }

    // MARK: What is known

    var table: RouteTable { self.current.withLock { $0 } }

    func client(of service: String) -> WireClient? { self.state.withLock { $0.services[service]?.client } }

    func way(to service: String) -> (client: WireClient, load: ServiceLoad)? {
        self.state.withLock { state in state.services[service].map { ($0.client, $0.load) } }
    }

    /// The services whose catalogs have an operation between processes of this name, such as `mailbox.list`.
    func services(offering operation: String) -> [String] {
        let services = self.state.withLock { $0.services }
        return self.services.filter { name in
            services[name]?.catalog?.operations.contains { $0.name == "\(name).\(operation)" } == true
        }
    }

    /// The OpenAPI document of the present routes, made when somebody first asks for it.
    var openAPI: PublicDocument {
        let table = self.table
        let key = ObjectIdentifier(table)
        if let document = self.documents.withLock({ $0[key] }) { return document }
        let document = PublicDocument(OpenAPIDocument(table).json.bytes)
        self.documents.withLock { documents in
            // Kept only for the table that is in use; another's key may be given to a new table.
            documents = self.table === table ? [key: document] : [:]
        }
        return document
    }

    /// Each service and what is wrong with it, if anything, in words for `/readyz?verbose`.
    var standings: [(service: String, isKnown: Bool, problem: String?)] {
        let services = self.state.withLock { $0.services }
        return self.services.map { name in
            guard let service = services[name] else { return (name, false, "not configured") }
            let state = service.client.state
            let problem = state.isReady ? nil : state.lastFailure ?? "no connection"
            return (
                name, service.catalog != nil,
                service.catalog == nil ? problem ?? "its catalog is not read yet" : problem
            )
        }
    }

    // MARK: Life

    func start() throws {
        for client in self.clients { try client.start() }
    }

    func drain(limit: Duration) async {
        self.state.withLock { $0.isStopping = true }
        for client in self.clients { await client.drain(limit: limit) }
    }

    private var clients: [WireClient] {
        let services = self.state.withLock { $0.services }
        return self.services.compactMap { services[$0]?.client }
    }

    // MARK: Fetching

    private func connected(_ service: String, _ hash: String) {
        let isNews = self.state.withLock { $0.services[service]?.progress.connected(hash) ?? false }
        if isNews { self.fetch(service) }
    }

    private func fetch(_ service: String) {
        guard let client = self.client(of: service) else { return }
        let loop = self.group.any()
        let head = CallHead(
            operation: Catalog.operation(of: service).wireName,
            deadlineMilliseconds: Self.fetchMilliseconds
        )
        client.call(on: loop, head, body: [], idempotent: true).whenComplete { result in
            switch self.read(service, result) {
            case .success(let (catalog, hash)): self.learnt(catalog, hash)
            case .failure(let problem):
                self.logger.warning("no catalog", metadata: ["service": "\(service)", "reason": "\(problem.reason)"])
                self.state.withLock { $0.services[service]?.progress.failed() }
            }
            self.continueAfterDelay(service, on: loop)
        }
    }

    private func read(
        _ service: String,
        _ result: Result<WireReply, any Error>
    ) -> Result<(ServiceCatalog, String), ServiceCatalog.Malformed> {
        switch result {
        case .failure(let error): return .failure(ServiceCatalog.Malformed(reason: "\(error)"))
        case .success(let reply):
            guard reply.isOK else { return .failure(ServiceCatalog.Malformed(reason: "answered \(reply.status)")) }
            do throws(ServiceCatalog.Malformed) {
                return .success(
                    (try ServiceCatalog(of: service, parsing: reply.body), CatalogProgress.hash(of: reply.body))
                )
            } catch {
                return .failure(error)
            }
        }
    }

    private func learnt(_ catalog: ServiceCatalog, _ hash: String) {
        // Under one lock from the change to the swap, so that of two catalogs learnt at once neither is lost.
        let table: RouteTable? = self.state.withLock { state in
            state.services[catalog.service]?.progress.learnt(hash)
            guard state.services[catalog.service]?.catalog != catalog else { return nil }
            state.services[catalog.service]?.catalog = catalog
            let table = RouteTable(self.services.compactMap { state.services[$0]?.catalog }, metrics: self.metrics)
            self.current.withLock { $0 = table }
            return table
        }
        guard let table else { return }
        let prefix = "\(catalog.service): "
        for refusal in table.refusals where refusal.hasPrefix(prefix) {
            self.logger.error("claim refused", metadata: ["claim": "\(refusal)"])
        }
        self.logger.notice(
            "catalog read",
            metadata: [
                "service": "\(catalog.service)", "operations": "\(catalog.operations.count)",
                "routes": "\(table.operations.count)",
            ]
        )
    }

    /// While a rolling deployment has two catalogs at once, the instance that answers need not be the one that is news.
    private func continueAfterDelay(_ service: String, on loop: any EventLoop) {
        let isMissing = self.state.withLock { !$0.isStopping && $0.services[service]?.progress.wantsMore == true }
        guard isMissing else { return }
        loop.scheduleTask(in: Self.retryDelay) {
            let begins = self.state.withLock { !$0.isStopping && $0.services[service]?.progress.begin() == true }
            if begins { self.fetch(service) }
        }
    }
}
