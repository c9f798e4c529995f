public import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// An HTTP server: HTTP/2 and HTTP/1.1, with and without TLS, on any number of addresses.
public final class HTTPServer: Sendable {
    /// The addresses the server listens on, with the ports the system chose.
    public struct Bound: Sendable {
        public let cleartext: [SocketAddress]
        public let secure: [SocketAddress]
    }

    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var tls: NIOSSLContext?
        var isStopped = false
    }

    private let configuration: HTTPServerConfiguration
    private let group: any EventLoopGroup
    private let core: ServerCore
    private let state = Mutex(State())

    public init(configuration: HTTPServerConfiguration, group: any EventLoopGroup, handler: any HTTPHandler) {
        self.configuration = configuration
        self.group = group
        self.core = ServerCore(configuration, handler: handler)
    }

    /// Loads the certificate and listens on every address; when one fails, on none.
    public func start() async throws -> Bound {
        precondition(
            self.configuration.secure.isEmpty || self.configuration.tls != nil,
            "an address for TLS needs a certificate"
        )
        try self.reloadCertificate()
        do {
            let cleartext = try await self.listen(self.configuration.cleartext, isTLS: false)
            let secure = try await self.listen(self.configuration.secure, isTLS: true)
            return Bound(cleartext: cleartext, secure: secure)
        } catch {
            await self.stop()
            throw error
        }
    }

    /// Reads certificate and key again; connections made from now on use them. A fault leaves the old ones in use.
    public func reloadCertificate() throws {
        guard let tls = self.configuration.tls else { return }
        let context = try tls.context()
        self.state.withLock { $0.tls = context }
    }

    /// Stops listening, says goodbye on every connection, and returns when all have ended: those with nothing to do
    /// soon, the others within `HTTPLimits.drainTimeout`.
    public func drain() async {
        self.core.beginDrain()
        await self.closeListeners()
        let connections = self.state.withLock { Array($0.connections.values) }
        for connection in connections { connection.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
        let limits = self.core.limits
        let patience = limits.drainNoticeTime + limits.drainTimeout + limits.farewellTimeout + .seconds(1)
        let stragglers = self.group.any().scheduleTask(in: patience) {
            for connection in connections { connection.close(promise: nil) }
        }
        for connection in connections { try? await connection.closeFuture.get() }
        stragglers.cancel()
    }

    /// Closes everything at once.
    public func stop() async {
        self.core.beginDrain()
        self.state.withLock { $0.isStopped = true }
        await self.closeListeners()
        let connections = self.state.withLock { Array($0.connections.values) }
        for connection in connections { connection.close(promise: nil) }
        for connection in connections { try? await connection.closeFuture.get() }
    }

    public var statistics: HTTPServerStatistics { self.core.counters.statistics }

    // MARK: Listening

    private func listen(_ addresses: [HTTPServerConfiguration.Address], isTLS: Bool) async throws -> [SocketAddress] {
        var bound: [SocketAddress] = []
        for address in addresses {
            let listener = try await self.bootstrap(isTLS: isTLS).bind(host: address.host, port: address.port).get()
            self.state.withLock { $0.listeners.append(listener) }
            if let local = listener.localAddress { bound.append(local) }
        }
        return bound
    }

    private func bootstrap(isTLS: Bool) -> ServerBootstrap {
        let high = self.core.limits.writeBufferBytesMax
        let mark = ChannelOptions.Types.WriteBufferWaterMark(low: high / 4, high: high)
        return ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: self.core.limits.backlogMax)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: mark)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, isTLS: isTLS) }
            }
    }

    /// A connection refused here throws, which closes it before it costs anything more.
    private func accept(_ channel: any Channel, isTLS: Bool) throws {
        let address = channel.remoteAddress?.ipAddress ?? ""
        if let reason = self.core.limiter.withLock({ $0.connect(from: address, handshake: isTLS) }) {
            self.core.counters.refused(reason)
            throw ConnectionRefused(reason: reason)
        }
        self.core.counters.connectionOpened()
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [weak self, core] _ in
            core.limiter.withLock { $0.disconnect(from: address) }
            core.counters.connectionClosed()
            self?.state.withLock { $0.connections[id] = nil }
        }
        let (isStopped, tls) = self.state.withLock { state in
            state.connections[id] = channel
            return (state.isStopped, state.tls)
        }
        if isStopped { throw ConnectionRefused(reason: .drainTimeout) }
        // The selector gives the counted handshake back, however it ends.
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ProtocolSelector(core: self.core, isTLS: isTLS))
        if isTLS, let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls), position: .first) }
    }

    private func closeListeners() async {
        let listeners = self.state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { try? await listener.close() }
    }
}

private struct ConnectionRefused: Error {
    let reason: HTTPRefusal
}
