public import Contracts
public import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// What a server needs to listen.
public struct WireServerConfiguration: Sendable {
    public var identity: WireIdentity
    /// An IP address, or `localhost`.
    public var host: String
    /// 0 takes a free port; `start` says which.
    public var port: Int
    public var security: WireSecurity
    public var limits: WireLimits
    /// Connections at a time; one more is closed at once.
    public var connectionsMax: Int

    public init(
        identity: WireIdentity,
        host: String = "127.0.0.1",
        port: Int,
        security: WireSecurity,
        limits: WireLimits = .standard,
        connectionsMax: Int = 1_024
    ) {
        self.identity = identity
        self.host = host
        self.port = port
        self.security = security
        self.limits = limits
        self.connectionsMax = connectionsMax
    }
}

/// Listens for connections and hands their calls to a `CallHandler`.
public final class WireServer: Sendable {
    private struct State {
        var listener: (any Channel)?
        var isStopping = false
        var connections: [ObjectIdentifier: Connection] = [:]
    }

    private struct Connection: Sendable {
        let channel: any Channel
        let bound: NIOLoopBound<ServerConnection>
    }

    private let configuration: WireServerConfiguration
    private let handler: any CallHandler
    private let group: any EventLoopGroup
    private let executors: [ObjectIdentifier: EventLoopTaskExecutor]
    private let state = Mutex(State())

    public init(_ configuration: WireServerConfiguration, handler: any CallHandler, group: any EventLoopGroup) {
        self.configuration = configuration
        self.handler = handler
        self.group = group
        self.executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), EventLoopTaskExecutor($0)) }
        )
    }

    /// Connections waiting to be accepted.
    private static var backlog: CInt { 256 }

    /// Listens.
    ///
    /// - Returns: the port.
    public func start() async throws -> Int {
        let context = try self.configuration.security.makeContext(server: true)
        let address = try Self.address(self.configuration)
        try self.configuration.security.check(address)
        let limits = self.configuration.limits
        let listener = try await ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: limits.writeBufferBytesMax / 2, high: limits.writeBufferBytesMax)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, context) }
            }
            .bind(to: address)
            .get()
        let isStopping = self.state.withLock { state in
            state.listener = listener
            return state.isStopping
        }
        if isStopping { try? await listener.close() }
        return listener.localAddress?.port ?? 0
    }

    private static func address(
        _ configuration: WireServerConfiguration
    ) throws(WireConfigurationFault) -> SocketAddress {
        let host = configuration.host == "localhost" ? "127.0.0.1" : configuration.host
        guard let address = try? SocketAddress(ipAddress: host, port: configuration.port) else {
            throw .badAddress("\(configuration.host) is not an IP address to listen on")
        }
        return address
    }

    /// Makes the connection of an accepted channel, on the channel's loop.
    private func accept(_ channel: any Channel, _ context: NIOSSLContext?) throws {
        guard let executor = self.executors[ObjectIdentifier(channel.eventLoop)] else {
            throw ChannelError.inappropriateOperationForState
        }
        let link = FrameLink<ServerConnection>(
            limits: self.configuration.limits,
            usesTLS: context != nil,
            readsOnlyWhenWritable: true
        )
        let connection = ServerConnection(
            link: link,
            executor: executor,
            handler: self.handler,
            limits: self.configuration.limits,
            handshake: { [configuration, handler] names in
                Handshake(
                    side: .server,
                    hello: Hello(configuration.identity, catalog: handler.catalogHash),
                    evidence: configuration.security.evidence(certificateNames: names),
                    allowed: nil
                )
            }
        )
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let isAdmitted = self.state.withLock { state in
            guard !state.isStopping, state.connections.count < self.configuration.connectionsMax else { return false }
            state.connections[ObjectIdentifier(channel)] = Connection(channel: channel, bound: bound)
            return true
        }
        guard isAdmitted else { throw ChannelError.inappropriateOperationForState }
        link.delegate = connection
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
        }
        if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
        try channel.pipeline.syncOperations.addHandler(link)
    }

    /// Connections there are now.
    public var connectionCount: Int { self.state.withLock { $0.connections.count } }

    /// Stops listening, tells every peer, lets them have their answers and leave for at most `limit`, then closes.
    ///
    /// The listener is closed, never cancelled; a connection accepted meanwhile is refused by `accept`.
    public func drain(limit: Duration) async {
        let (listener, connections) = self.state.withLock { state in
            state.isStopping = true
            defer { state.listener = nil }
            return (state.listener, Array(state.connections.values))
        }
        try? await listener?.close()
        for connection in connections {
            connection.channel.eventLoop.execute { connection.bound.value.drain() }
        }
        let all = connections.map { $0.channel.closeFuture }
        let timeout = self.group.any().scheduleTask(in: TimeAmount(limit)) {
            for connection in connections { connection.channel.close(promise: nil) }
        }
        for closed in all { try? await closed.get() }
        timeout.cancel()
        // Whatever was being accepted when the listener closed.
        for connection in self.state.withLock({ Array($0.connections.values) }) {
            try? await connection.channel.close()
        }
    }

    /// Closes everything now. A call that runs loses its connection.
    public func stop() async {
        await self.drain(limit: .zero)
    }
}
