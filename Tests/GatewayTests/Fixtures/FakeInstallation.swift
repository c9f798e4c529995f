internal import Contracts
internal import HTTP2
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceKit
internal import ServiceLifecycle
internal import Synchronization
internal import Telemetry
internal import TestKit
internal import Testing
internal import Vocabulary
internal import Wire

@testable internal import GatewayService

/// Small services of our own behind a real gateway, all in this process and on free ports.
final class FakeInstallation: Sendable {
    static let organization = Identifier(high: 1, low: 1)
    private static let key = [UInt8](repeating: 7, count: 32)

    let group = MultiThreadedEventLoopGroup.singleton
    let identity = FakeIdentityService()
    let gateway: Gateway
    let health = HealthChecks()
    let metrics = ServiceMetrics()
    private let verifierKeys: [String: [UInt8]]
    private let ports: [String: Int]
    private let servers = Mutex<[String: WireServer]>([:])
    private let handling: Handling
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// What stands before a service's operations.
    typealias Handling = @Sendable (_ service: String, _ endpoint: ServiceEndpoint) -> any CallHandler

    /// Starts the services; a service may be started later, and again with another router, on the port it has here.
    init(
        _ routers: [String: Router],
        limits: RateLimits = RateLimits(),
        origins: [String] = [],
        documentation: Documentation? = nil,
        hasMailbox: Bool = false,
        handling: @escaping Handling = { _, endpoint in endpoint }
    ) async throws {
        self.handling = handling
        let signer = try AssertionSigner(privateKey: AssertionSigner.makePrivateKey())
        self.verifierKeys = [signer.keyID: signer.publicKey]
        var ports: [String: Int] = [:]
        var servers: [String: WireServer] = [:]
        for (service, router) in routers.merging(
            ["identity": self.identity.router],
            uniquingKeysWith: { given, _ in given }
        ) {
            let server = try Self.server(service, router, port: 0, self.verifierKeys, handling, self.logger)
            ports[service] = try await server.start()
            servers[service] = server
        }
        self.ports = ports
        let (group, addresses, metrics, loops) = (self.group, ports, self.metrics, self.loops)
        let identity = WireIdentity(service: "gateway", instance: "g1", build: "test")
        self.gateway = Gateway(
            Gateway.Parts(
                services: ports.keys.sorted(),
                makeClient: { service, onConnect in
                    let address = WireAddress(host: "127.0.0.1", port: addresses[service] ?? 1)
                    var configuration = WireClientConfiguration(
                        identity: identity,
                        service: service,
                        addresses: [address],
                        security: .key(Self.key)
                    )
                    configuration.measure(by: metrics)
                    return WireClient(configuration, group: group, onConnect: onConnect)
                },
                server: HTTPServerConfiguration(
                    cleartext: [HTTPServerConfiguration.Address(host: "127.0.0.1", port: 0)],
                    refusalResponse: TransportRefusals.response(_:to:)
                ),
                signer: signer,
                limits: limits,
                origins: origins,
                documentation: documentation,
                hasMailbox: hasMailbox,
                metrics: self.metrics,
                health: self.health,
                group: self.group,
                blockedLoops: { loops.blocked.withLock { $0 } },
                logger: self.logger
            )
        )
        self.servers.withLock { $0 = servers }
    }

    /// What the gateway is told of its event loops.
    let loops = Loops()

    final class Loops: Sendable {
        let blocked = Mutex<[Int]>([])
    }

    /// Where the gateway listens while it runs.
    let port = Mutex(0)

    /// Runs the gateway around `body`, ready and with a client of it.
    func run(_ body: @escaping @Sendable (HTTPClient) async throws -> Void) async throws {
        try await self.gateway.clients.start()
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { tasks in
            for service in self.gateway.background { tasks.addTask { try? await service.run() } }
            defer { tasks.cancelAll() }
            do {
                let bound = try await self.gateway.listen()
                let port = try #require(bound.cleartext[0].port)
                self.port.withLock { $0 = port }
                let client = try await HTTPClient.connect(host: "127.0.0.1", port: port)
                let result: Result<Void, any Error>
                do {
                    try await eventually("the gateway is ready") {
                        try await client.request(method: "GET", path: "/readyz").status == 200
                    }
                    result = .success(try await body(client))
                } catch {
                    result = .failure(error)
                }
                await client.close()
                await self.gateway.stopListening()
                return result
            } catch {
                return .failure(error)
            }
        }
        // As in the process: what listens to the services ends before their clients do.
        await self.gateway.clients.stop()
        for server in self.servers.withLock({ Array($0.values) }) { await server.stop() }
        try result.get()
    }

    func stop(_ service: String) async { await self.servers.withLock { $0.removeValue(forKey: service) }?.stop() }

    func start(_ service: String, _ router: Router) async throws {
        let port = self.ports[service] ?? 0
        let server = try Self.server(service, router, port: port, self.verifierKeys, self.handling, self.logger)
        _ = try await server.start()
        self.servers.withLock { $0[service] = server }
    }

    private static func server(
        _ service: String,
        _ router: Router,
        port: Int,
        _ keys: [String: [UInt8]],
        _ handling: Handling,
        _ logger: Logger
    ) throws -> WireServer {
        WireServer(
            WireServerConfiguration(
                identity: WireIdentity(service: service, instance: "\(service)-1", build: "test"),
                port: port,
                security: .key(self.key)
            ),
            handler: handling(
                service,
                ServiceEndpoint(
                    router: router,
                    verifier: try AssertionVerifier(publicKeys: keys, audience: service),
                    clock: .system,
                    logger: logger
                )
            ),
            group: MultiThreadedEventLoopGroup.singleton
        )
    }
}

/// Knows tokens by their text: `owner`, `viewer`, `key` with the scope `crm:read`.
final class FakeIdentityService: Sendable {
    private let revoked = Mutex<Set<String>>([])
    private let revocations = AsyncStream<[UInt8]>.makeStream()

    var router: Router {
        var router = Router(service: "identity")
        let resolve = OperationDeclaration("identity.credential.resolve", nil, access: .peers, "")
            .body([Field.text("token", max: 512).required()]).answers(.object("Credential", []))
        router.serve(resolve) { input, _ in
            let token = try input.text("token")
            guard !self.revoked.withLock({ $0.contains(token) }), let body = Self.credential(token) else {
                throw Fault(.unauthenticated, "No such credential.")
            }
            return Reply(body: body.bytes)
        }
        let stream = OperationDeclaration("identity.credential.revocations", nil, access: .peers, "")
            .answers(.stream("Revocation", []))
        let revocations = self.revocations.stream
        router.stream(stream) { _, _, sink in
            for await item in revocations { try await sink.send(item) }
        }
        router.serve(SampleOperations.signIn) { _, context in
            Reply(
                status: 201,
                body: JSON.object(["token": "st", "address": .string(context.remoteAddress ?? "")]).bytes
            )
        }
        return router
    }

    func revoke(_ token: String) {
        self.revoked.withLock { _ = $0.insert(token) }
        let organization = FakeInstallation.organization.description
        self.revocations.continuation.yield(JSON.object(["organization_id": .string(organization)]).bytes)
    }

    private static func credential(_ token: String) -> JSON? {
        let role: Role
        switch token {
        case "owner": role = .owner
        case "viewer": role = .viewer
        case "key": role = .admin
        default: return nil
        }
        return [
            "organization_id": .string(FakeInstallation.organization.description),
            "subject": .string(Identifier(high: 7, low: 7).description),
            "kind": token == "key" ? "api_key" : "member",
            "role": .string(role.rawValue),
            "scopes": token == "key" ? ["crm:read"] : .null,
            "session_id": .null, "time_zone": "UTC", "currency": "USD", "member_version": 1,
        ]
    }
}
