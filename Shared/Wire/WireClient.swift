internal import Contracts
public import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Calls a service: keeps connections to every instance, chooses one for each call, and retries what may be retried.
public final class WireClient: Sendable {
    enum Phase {
        case idle, running, draining
    }

    struct State {
        var phase = Phase.idle
        var pool: ClientPool
        var channels: [ObjectIdentifier: any Channel] = [:]
        var context: NIOSSLContext?
        var refresh: RepeatedTask?
        var catalogHash: String?
        var lastFailure: String?
        var awaitingReady: [EventLoopPromise<Void>] = []
    }

    let configuration: WireClientConfiguration
    let group: any EventLoopGroup
    let shared: Mutex<State>
    private let onConnect: @Sendable (Peer) -> Void

    /// - Parameter onConnect: called for every connection made, on an event loop, with the instance and its catalog hash.
    public init(
        _ configuration: WireClientConfiguration,
        group: any EventLoopGroup,
        onConnect: @escaping @Sendable (Peer) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.group = group
        self.onConnect = onConnect
        self.shared = Mutex(State(pool: ClientPool(seed: .random(in: .min ... .max))))
    }

    /// How often names are looked up again.
    private static let refreshInterval = TimeAmount.seconds(5)
    private static let connectTimeout = TimeAmount.seconds(2)

    /// Begins to connect, and from then on keeps connections until `drain`. Does not wait for the first.
    public func start() throws(WireConfigurationFault) {
        let context = try self.configuration.security.makeContext(server: false)
        for address in self.configuration.addresses {
            guard let known = try? SocketAddress(ipAddress: address.host, port: address.port) else { continue }
            try self.configuration.security.check(known)
        }
        let loop = self.group.any()
        let isFirst = self.shared.withLock { state in
            guard case .idle = state.phase else { return false }
            state.phase = .running
            state.context = context
            return true
        }
        guard isFirst else { return }
        let refresh = loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.refreshInterval) { _ in
            self.resolve(on: loop)
        }
        self.shared.withLock { $0.refresh = refresh }
    }

    /// Waits until a call has somewhere to go.
    ///
    /// - Returns: false when that took longer than `timeout`.
    public func waitUntilReady(timeout: Duration) async -> Bool {
        let promise = self.group.any().makePromise(of: Void.self)
        let isReady = self.shared.withLock { state in
            if !state.pool.ready.isEmpty { return true }
            state.awaitingReady.append(promise)
            return false
        }
        if isReady { promise.succeed() }
        let timer = promise.futureResult.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
            promise.fail(WireFailure.unavailable)
        }
        defer { timer.cancel() }
        return (try? await promise.futureResult.get()) != nil
    }

    /// What is known of the service now.
    public var state: WireClientState {
        self.shared.withLock { state in
            let instances = state.pool.instances.sorted { $0.key < $1.key }.map { key, instance in
                let connections = state.pool.ready.filter { $0.instance == key }
                return WireClientState.Instance(
                    address: instance.address.wireDescription,
                    instance: instance.peer?.instance,
                    connections: connections.count,
                    callsInFlight: connections.reduce(0) { $0 + $1.inFlight.count },
                    isBroken: instance.breaker.isBroken
                )
            }
            return WireClientState(
                service: self.configuration.service,
                instances: instances,
                lastFailure: state.pool.ready.isEmpty ? state.lastFailure : nil
            )
        }
    }

    /// The catalog hash of the instance connected to last.
    public var peerCatalogHash: String? { self.shared.withLock { $0.catalogHash } }

    /// Makes no more calls; waits at most `limit` for the answers to those made, then closes.
    public func drain(limit: Duration) async {
        let (ready, channels, refresh, awaiting) = self.shared.withLock { state in
            state.phase = .draining
            defer { state.awaitingReady = [] }
            return (state.pool.removeAll(), Array(state.channels.values), state.refresh, state.awaitingReady)
        }
        refresh?.cancel()
        for promise in awaiting { promise.fail(WireFailure.unavailable) }
        for connection in ready { connection.perform { $0.drain() } }
        for channel in channels where !ready.contains(where: { $0.channel === channel }) { channel.close(promise: nil) }
        let timeout = self.group.any().scheduleTask(in: TimeAmount(limit)) {
            for channel in channels { channel.close(promise: nil) }
        }
        for channel in channels { try? await channel.closeFuture.get() }
        timeout.cancel()
    }

    /// Closes everything now.
    public func stop() async {
        await self.drain(limit: .zero)
    }

    // MARK: - Connecting

    /// One of the connections to an instance, on its loop.
    private struct Slot {
        let instance: Int
        let loop: any EventLoop
    }

    private func resolve(on loop: any EventLoop) {
        Resolver.resolve(self.configuration.addresses, on: loop).whenSuccess { addresses in
            guard !addresses.isEmpty else { return self.note("no address found") }
            let (added, gone) = self.shared.withLock { state -> ([Int], [ReadyConnection]) in
                guard case .running = state.phase else { return ([], []) }
                return state.pool.update(addresses)
            }
            for connection in gone { connection.perform { $0.drain() } }
            let loops = Array(self.group.makeIterator())
            for instance in added {
                // More than one on a loop would only divide what leaves in one write.
                for index in 0..<min(self.configuration.connectionsPerAddress, loops.count) {
                    self.connect(Slot(instance: instance, loop: loops[(instance + index) % loops.count]), failures: 0)
                }
            }
        }
    }

    private func note(_ failure: String) {
        self.shared.withLock { $0.lastFailure = failure }
    }

    private func connect(_ slot: Slot, failures: Int) {
        let (address, context) = self.shared.withLock { state -> (SocketAddress?, NIOSSLContext?) in
            guard case .running = state.phase else { return (nil, nil) }
            return (state.pool.instances[slot.instance]?.address, state.context)
        }
        guard let address else { return }
        let attempt = Attempt()
        let lost: @Sendable (String) -> Void = { reason in
            guard attempt.end() else { return }
            self.note(reason)
            self.reconnect(slot, failures: attempt.wasOpened ? 0 : failures + 1)
        }
        do throws(WireConfigurationFault) {
            try self.configuration.security.check(address)
        } catch {
            return lost(error.description)
        }
        ClientBootstrap(group: slot.loop)
            .connectTimeout(Self.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.prepare(channel, slot, context, attempt) { reason in
                        lost("the connection to \(address) ended" + (reason.map { ": \($0.detail)" } ?? ""))
                    }
                }
            }
            .connect(to: address)
            .whenFailure { error in lost("\(address): \(error)") }
    }

    private func reconnect(_ slot: Slot, failures: Int) {
        let wait = self.shared.withLock { $0.pool.wait(.connect, failures: failures) }
        slot.loop.scheduleTask(in: wait) { self.connect(slot, failures: failures) }
    }

    /// Makes the connection of a channel, on the channel's loop.
    private func prepare(
        _ channel: any Channel,
        _ slot: Slot,
        _ context: NIOSSLContext?,
        _ attempt: Attempt,
        _ lost: @escaping @Sendable (CloseHead?) -> Void
    ) throws {
        let limits = self.configuration.limits
        let link = FrameLink<ClientConnection>(limits: limits, usesTLS: context != nil, readsOnlyWhenWritable: false)
        let inFlight = InFlight()
        let events = ClientConnection.Events(
            opened: { [unowned link] peer in
                guard let connection = link.delegate else { return }
                attempt.open()
                self.opened(
                    ReadyConnection(
                        channel: channel,
                        eventLoop: channel.eventLoop,
                        connection: NIOLoopBound(connection, eventLoop: channel.eventLoop),
                        inFlight: inFlight,
                        instance: slot.instance,
                        peer: peer
                    )
                )
            },
            draining: { self.shared.withLock { $0.pool.retired(channel) } },
            closed: { reason in
                self.shared.withLock { state in
                    state.pool.retired(channel)
                    state.channels[ObjectIdentifier(channel)] = nil
                }
                lost(reason)
            }
        )
        let handshake: ([String]?) -> Handshake = { [configuration] names in
            Handshake(
                side: .client,
                hello: Hello(configuration.identity, catalog: ""),
                evidence: configuration.security.evidence(certificateNames: names),
                allowed: [configuration.service]
            )
        }
        let isRunning = self.shared.withLock { state in
            guard case .running = state.phase else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isRunning else { throw WireFailure.unavailable }
        link.delegate = ClientConnection(
            link: link,
            eventLoop: channel.eventLoop,
            limits: limits,
            inFlight: inFlight,
            handshake: handshake,
            events: events
        )
        if let context {
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
        }
        try channel.pipeline.syncOperations.addHandler(link)
    }

    private func opened(_ connection: ReadyConnection) {
        let awaiting: [EventLoopPromise<Void>]? = self.shared.withLock { state in
            guard case .running = state.phase, state.pool.instances[connection.instance] != nil else { return nil }
            state.pool.opened(connection)
            state.catalogHash = connection.peer.catalogHash
            defer { state.awaitingReady = [] }
            return state.awaitingReady
        }
        guard let awaiting else { return connection.perform { $0.drain() } }
        for promise in awaiting { promise.succeed() }
        self.onConnect(connection.peer)
    }
}

/// One attempt to have a connection: whether it ever opened, and that it ends once, however many parts report it.
private final class Attempt: Sendable {
    private let opened = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)

    var wasOpened: Bool { self.opened.load(ordering: .acquiring) }

    func open() {
        self.opened.store(true, ordering: .releasing)
    }

    /// - Returns: whether this is the first end.
    func end() -> Bool {
        !self.ended.exchange(true, ordering: .acquiringAndReleasing)
    }
}

extension SocketAddress {
    /// `127.0.0.1:7102`.
    fileprivate var wireDescription: String {
        guard let host = self.ipAddress, let port = self.port else { return "\(self)" }
        return WireAddress(host: host, port: port).description
    }
}

extension Breaker {
    fileprivate var isBroken: Bool {
        switch self.state {
        case .closed: false
        case .open, .halfOpen: true
        }
    }
}
