internal import Contracts
internal import HTTP2
internal import Logging
internal import NIOCore
internal import ServiceKit
internal import ServiceLifecycle
internal import Telemetry
internal import Vocabulary
internal import Wire

/// The gateway put together: what starts, what runs beside it, and in which order it ends.
final class Gateway: Sendable {
    static let name = "gateway"
    /// The service that credentials are resolved by.
    static let identity = "identity"
    /// How long calls that are out may take to be answered once every request has ended.
    private static let drainLimit = Duration.seconds(2)

    /// What the gateway is made from.
    struct Parts {
        /// In the order that decides who was first to claim a path.
        var services: [String]
        var makeClient: CatalogRegistry.MakeClient
        var server: HTTPServerConfiguration
        /// Between two looks whether the certificate has become another.
        var certificateLook = Duration.seconds(10)
        var signer: AssertionSigner
        var limits = RateLimits()
        var origins: [String] = []
        var deadlineMilliseconds = 10_000
        /// The pages of `/docs`, where their files are.
        var documentation: Documentation?
        /// Whether developers can read at `/dev/mail` what was not sent.
        var hasMailbox = false
        var patience = TimeAmount.seconds(30)
        var clock = WallClock.system
        var metrics: ServiceMetrics
        var health: HealthChecks
        var group: any EventLoopGroup
        /// The loops that turn no more.
        var blockedLoops: @Sendable () -> [Int]
        var logger: Logger
        /// Where the level lets it be written.
        var accessLog: AccessLog?
    }

    let registry: CatalogRegistry
    let streams: EventStreams
    private let resolver: CredentialResolver
    private let readiness: GatewayReadiness
    private let server: HTTPServer
    private let certificateWatch: Periodic?
    private let logger: Logger

    init(_ parts: Parts) {
        let registry = CatalogRegistry(
            services: parts.services,
            group: parts.group,
            metrics: parts.metrics,
            logger: parts.logger,
            makeClient: parts.makeClient
        )
        let deadlineMilliseconds = parts.deadlineMilliseconds
        let logger = parts.logger
        let resolver = CredentialResolver(
            report: { logger.error("identity's answer about a credential cannot be understood", error: $0) },
            ask: { body, address, loop in
                guard let client = registry.client(of: Self.identity) else {
                    return loop.makeFailedFuture(WireFailure.unavailable)
                }
                let head = CallHead(
                    operation: CredentialResolver.operation,
                    deadlineMilliseconds: deadlineMilliseconds,
                    remoteAddress: address
                )
                return client.call(on: loop, head, body: body, idempotent: true)
            }
        )
        let blockedLoops = parts.blockedLoops
        let readiness = GatewayReadiness(registry, health: parts.health, patience: parts.patience)
        let metrics = EdgeMetrics(parts.metrics)
        let streams = EventStreams(metrics: metrics)
        let handler = GatewayHandler(
            registry: registry,
            pages: PublicPages(
                name: Self.name,
                version: Build.version,
                documentation: parts.documentation,
                isAlive: { blockedLoops().isEmpty },
                readiness: { readiness.readiness }
            ),
            mailbox: parts.hasMailbox
                ? Mailbox(registry: registry, deadlineMilliseconds: parts.deadlineMilliseconds) : nil,
            resolver: resolver,
            mint: AssertionMint(parts.signer),
            limiter: RateLimiter(parts.limits),
            streams: streams,
            edge: Edge(
                origins: AllowedOrigins(parts.origins),
                limits: parts.limits,
                metrics: metrics,
                accessLog: parts.accessLog
            ),
            clock: parts.clock,
            deadlineMillisecondsMax: parts.deadlineMilliseconds
        )
        self.registry = registry
        self.resolver = resolver
        self.streams = streams
        self.readiness = readiness
        self.logger = parts.logger
        let server = HTTPServer(configuration: parts.server, group: parts.group, handler: handler)
        self.server = server
        self.certificateWatch = parts.server.tls.map { tls in
            let watch = CertificateWatch(tls) { try server.reloadCertificate() }
            return Periodic("certificate", every: parts.certificateLook, clock: parts.clock, logger: logger) { _ in
                if try watch.look() { logger.notice("certificate read again") }
            }
        }
        EdgeMetrics.observe(self.server, in: parts.metrics.registry)
        readiness.addChecks(to: parts.health)
    }

    // MARK: Life

    /// The clients of the services: they start first and end last.
    var clients: ClosurePart {
        ClosurePart(
            "services",
            start: { try self.registry.start() },
            stop: { await self.registry.drain(limit: Self.drainLimit) }
        )
    }

    /// What runs beside the server.
    var background: [any Service] {
        var services: [any Service] = [self.streams]
        if let identity = self.registry.client(of: Self.identity) {
            services.append(RevocationListener(client: identity, logger: self.logger) { self.revoke($0) })
        }
        if let certificateWatch { services.append(certificateWatch) }
        return services
    }

    /// The server: starts last, drains first.
    var edge: ClosurePart {
        ClosurePart("http", start: { _ = try await self.listen() }, stop: { await self.stopListening() })
    }

    func listen() async throws -> HTTPServer.Bound {
        let bound = try await self.server.start()
        self.readiness.started()
        self.logger.notice(
            "listening",
            metadata: [
                "cleartext": "\(bound.cleartext.map(\.description).joined(separator: " "))",
                "tls": "\(bound.secure.map(\.description).joined(separator: " "))",
            ]
        )
        return bound
    }

    func stopListening() async {
        self.readiness.stopping()
        // A stream would otherwise last as long as the drain may.
        self.streams.close()
        await self.server.drain()
    }

    /// Drops what is known of credentials that hold no longer; everything, where it is not said which.
    func revoke(_ revocation: Revocation?) {
        if let revocation { self.resolver.revoke(revocation) } else { self.resolver.forgetAll() }
        self.streams.revoke(revocation)
    }
}
