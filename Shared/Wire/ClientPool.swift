internal import NIOCore

/// A connection that takes calls.
struct ReadyConnection: Sendable {
    let channel: any Channel
    let eventLoop: any EventLoop
    let connection: NIOLoopBound<ClientConnection>
    let inFlight: InFlight
    let instance: Int
    let peer: Peer

    /// Runs `body` with the connection on its loop, at once when already there.
    func perform(_ body: @escaping @Sendable (ClientConnection) -> Void) {
        if self.eventLoop.inEventLoop {
            body(self.connection.value)
        } else {
            self.eventLoop.execute { [connection] in body(connection.value) }
        }
    }
}

/// Which connection takes the next call. A value without I/O; `WireClient` keeps it under its lock.
struct ClientPool {
    /// One address of the service.
    struct Instance {
        let address: SocketAddress
        var breaker = Breaker()
        var peer: Peer?
    }

    private(set) var instances: [Int: Instance] = [:]
    private(set) var ready: [ReadyConnection] = []
    private var nextInstance = 0
    private var generator: SplitMix
    private var budget = RetryBudget()

    init(seed: UInt64) {
        self.generator = SplitMix(seed: seed)
    }

    // MARK: - Addresses

    /// Takes over the addresses found now.
    ///
    /// - Returns: the instances that are new, and the connections of those that are gone.
    mutating func update(_ addresses: [SocketAddress]) -> (added: [Int], gone: [ReadyConnection]) {
        let wanted = Set(addresses)
        let removed = Set(self.instances.filter { !wanted.contains($0.value.address) }.keys)
        for instance in removed { self.instances[instance] = nil }
        let gone = self.ready.filter { removed.contains($0.instance) }
        self.ready.removeAll { removed.contains($0.instance) }
        let known = Set(self.instances.values.map(\.address))
        var added: [Int] = []
        for address in addresses where !known.contains(address) {
            guard !added.contains(where: { self.instances[$0]?.address == address }) else { continue }
            self.instances[self.nextInstance] = Instance(address: address)
            added.append(self.nextInstance)
            self.nextInstance += 1
        }
        return (added, gone)
    }

    // MARK: - Connections

    mutating func opened(_ connection: ReadyConnection) {
        self.ready.append(connection)
        self.instances[connection.instance]?.peer = connection.peer
    }

    /// The connection takes no more calls.
    mutating func retired(_ channel: any Channel) {
        self.ready.removeAll { $0.channel === channel }
    }

    mutating func removeAll() -> [ReadyConnection] {
        defer { self.ready = [] }
        return self.ready
    }

    // MARK: - Calls

    /// The less loaded of two connections chosen at random; between equals, the one on the caller's loop.
    ///
    /// Connections of `excluded` instances, and of those whose breaker is open, are not chosen.
    mutating func pick(for eventLoop: (any EventLoop)?, excluding excluded: [Int], now: NIODeadline) -> ReadyConnection?
    {
        guard !self.ready.isEmpty else { return nil }
        let first = Int.random(in: 0..<self.ready.count, using: &self.generator)
        let second = Int.random(in: 0..<self.ready.count, using: &self.generator)
        let isSecond = self.load(second, eventLoop) < self.load(first, eventLoop)
        for index in [isSecond ? second : first, isSecond ? first : second] where self.admits(index, excluded, now) {
            return self.ready[index]
        }
        guard let index = self.ready.indices.first(where: { self.admits($0, excluded, now) }) else { return nil }
        return self.ready[index]
    }

    private func load(_ index: Int, _ eventLoop: (any EventLoop)?) -> Int {
        let connection = self.ready[index]
        return connection.inFlight.count * 2 + (connection.eventLoop === eventLoop ? 0 : 1)
    }

    private mutating func admits(_ index: Int, _ excluded: [Int], _ now: NIODeadline) -> Bool {
        let instance = self.ready[index].instance
        return !excluded.contains(instance) && self.instances[instance]?.breaker.admits(at: now) == true
    }

    /// How a call ended, as far as it tells something of the instance.
    enum Outcome {
        case succeeded, failed, unknown
    }

    mutating func ended(_ outcome: Outcome, at instance: Int, now: NIODeadline) {
        switch outcome {
        case .succeeded: self.instances[instance]?.breaker.succeeded()
        case .failed: self.instances[instance]?.breaker.failed(at: now)
        case .unknown: self.instances[instance]?.breaker.abandoned(at: now)
        }
    }

    mutating func called() {
        self.budget.called()
    }

    mutating func takeRetry() -> Bool {
        self.budget.takeRetry()
    }

    mutating func wait(_ backoff: Backoff, failures: Int) -> TimeAmount {
        .milliseconds(backoff.milliseconds(failures: failures, using: &self.generator))
    }
}
