internal import DequeModule
internal import Synchronization

/// The thread that drives every read connection: one `epoll_wait`, then all that has arrived, then one flush each.
final class ReadLoop {
    /// A read is sent again once when its connection was lost: it has no effect, so twice is as good as once.
    private static let attemptsMax = 2
    /// How long an answer nobody waits for any more may hold up the pipeline behind it.
    static let abandonedMicroseconds: Int64 = 250_000
    static let idleMilliseconds: Int64 = 1_000
    /// How often deadlines are looked at while anything is waited for.
    static let scanMilliseconds: Int64 = 5

    let reactor: Reactor
    let poller: Poller
    var slots: [Slot]
    var waiting: Deque<ReadConnection.Attempt> = []
    var figures = DatabaseState.Pool()
    var answered = 0
    let startBy: Int64
    var scanAt: Int64 = 0

    /// A place for one connection, and when to try to fill it again.
    struct Slot {
        var connection: ReadConnection?
        var connectAt: Int64 = 0
        var backoff = Backoff()
    }

    init(_ reactor: Reactor) {
        self.reactor = reactor
        self.poller = Poller(reactor.waker)
        self.slots = Array(repeating: Slot(), count: reactor.configuration.readConnections)
        self.figures.size = reactor.configuration.readConnections
        self.startBy = Monotonic.now() + Int64(reactor.configuration.startTimeoutMilliseconds) * 1_000
    }

    func run() {
        while true {
            let now = Monotonic.now()
            let isStopping = self.takeRequests()
            if isStopping { self.refuseWaiting() }
            self.connect(at: now)
            self.expire(at: now)
            self.dispatch()
            self.flush()
            self.retire()
            self.publish(at: now)
            if isStopping, self.waiting.isEmpty, self.figures.busy == 0 { break }
            self.poller.wait(milliseconds: self.timeout(at: Monotonic.now())) { event in self.handle(event) }
        }
        self.end()
    }

    // MARK: Requests

    private func takeRequests() -> Bool {
        let (requests, isStopping) = self.reactor.inbox.withLock { inbox in
            defer { inbox.requests.removeAll(keepingCapacity: true) }
            return (inbox.requests, inbox.isStopping)
        }
        for request in requests { self.waiting.append(ReadConnection.Attempt(request: request)) }
        return isStopping
    }

    private func refuseWaiting() {
        while let attempt = self.waiting.popFirst() {
            self.settle(attempt.request, .failure(SQLFault(.connection, "the database is being shut down")))
        }
    }

    private func dispatch() {
        while let attempt = self.waiting.first {
            if attempt.request.isSettled {
                self.waiting.removeFirst()
                self.answered += 1
                continue
            }
            guard let connection = self.choose(for: attempt.request) else { return }
            self.waiting.removeFirst()
            do throws(SQLFault) {
                try connection.send(ReadConnection.Attempt(request: attempt.request, count: attempt.count + 1))
            } catch {
                self.waiting.prepend(attempt)
                self.lose(connection, error)
            }
        }
    }

    /// The one to which the same statement is being sent; else the least loaded connection, or one that already has the scope and is
    /// not much more loaded.
    private func choose(for request: ReadRequest) -> ReadConnection? {
        let scope = request.scope
        var least: ReadConnection?
        var matching: ReadConnection?
        for slot in self.slots {
            guard let connection = slot.connection, connection.phase == .ready else { continue }
            let load = connection.inFlight.count
            guard load < self.reactor.configuration.pipelineDepthMax else { continue }
            if connection.takesAlong(request.sql) { return connection }
            if load < least?.inFlight.count ?? .max { least = connection }
            if connection.scope.likely == scope, load < matching?.inFlight.count ?? .max { matching = connection }
        }
        guard let least else { return nil }
        // A set_config costs about as much as half a point read.
        if let matching, matching.inFlight.count <= least.inFlight.count * 2 + 1 { return matching }
        return least
    }

    func settle(_ request: ReadRequest, _ outcome: ReadRequest.Outcome) {
        self.answered += 1
        guard request.settle(outcome) else { return }
        switch outcome {
        case .success: self.figures.completedTotal += 1
        case .failure: self.figures.failedTotal += 1
        }
        self.figures.microsecondsTotal += Int(Monotonic.now() - request.expiry.startedAt)
    }

    // MARK: Connections

    private func connect(at now: Int64) {
        for token in self.slots.indices {
            if let connection = self.slots[token].connection {
                let isBeingMade = connection.phase == .connecting || connection.phase == .settingUp
                if isBeingMade, now >= connection.connectBy {
                    self.lose(connection, SQLFault(.connection, "connecting took too long"))
                }
                continue
            }
            guard now >= self.slots[token].connectAt else { continue }
            do throws(SQLFault) {
                let connection = try ReadConnection(token: token, self.reactor.configuration, self.reactor.health)
                self.slots[token].connection = connection
                // Before the first call of PQconnectPoll the socket counts as waiting to be writable.
                self.poller.watch(connection.session.socket, token: token, reading: false, writing: true)
            } catch {
                self.postpone(token, error)
            }
        }
    }

    private func postpone(_ token: Int, _ fault: SQLFault) {
        self.reactor.health.note(fault)
        self.slots[token].connection = nil
        self.slots[token].connectAt = Monotonic.now() + Int64(self.slots[token].backoff.next()) * 1_000
    }

    /// Closes a connection. What was in its pipeline is sent over another one, or fails if that happened before.
    func lose(_ connection: ReadConnection, _ fault: SQLFault) {
        guard self.slots[connection.token].connection === connection else { return }
        if connection.session.socket >= 0 { self.poller.forget(connection.session.socket) }
        self.postpone(connection.token, fault)
        for group in connection.inFlight.reversed() {
            guard let attempt = group.attempt else { continue }
            self.again(attempt, because: fault)
        }
    }

    private func again(_ attempt: ReadConnection.Attempt, because fault: SQLFault) {
        if attempt.count < Self.attemptsMax {
            self.waiting.prepend(attempt)
        } else {
            self.settle(attempt.request, .failure(fault.isServerGone ? fault.asConnectionFault : fault))
        }
    }

    /// Lets connections of an earlier generation go once their pipelines are empty.
    private func retire() {
        let generation = self.reactor.health.generation
        for token in self.slots.indices {
            guard let connection = self.slots[token].connection, connection.generation != generation else { continue }
            if connection.phase == .ready { connection.phase = .retiring }
            guard connection.phase == .retiring, connection.inFlight.isEmpty else { continue }
            self.poller.forget(connection.session.socket)
            self.slots[token].connection = nil
            self.slots[token].connectAt = 0
            self.reactor.waker.ring()
        }
    }

    private func flush() {
        for slot in self.slots {
            guard let connection = slot.connection, connection.needsFlush else { continue }
            do throws(SQLFault) {
                try connection.sync()
                let isDone = try connection.session.flush()
                connection.needsFlush = !isDone
                if connection.isWatchedForWriting == isDone {
                    connection.isWatchedForWriting = !isDone
                    self.poller.watch(
                        connection.session.socket,
                        token: connection.token,
                        reading: true,
                        writing: !isDone
                    )
                }
            } catch {
                self.lose(connection, error)
            }
        }
    }

    // MARK: Events

    private func handle(_ event: Poller.Event) {
        guard event.token != Poller.wakerToken, let connection = self.slots[event.token].connection else { return }
        do throws(SQLFault) {
            if connection.phase == .connecting {
                try self.proceed(connection)
            } else if event.isReadable {
                try connection.session.consume()
                try self.receive(connection)
            }
        } catch {
            self.lose(connection, error)
        }
    }

    private func proceed(_ connection: ReadConnection) throws(SQLFault) {
        let before = connection.session.socket
        let progress = try connection.session.proceed()
        let socket = connection.session.socket
        if socket != before { self.poller.forget(before) }
        self.poller.watch(socket, token: connection.token, reading: progress != .writing, writing: progress == .writing)
        if progress == .connected { try connection.setUp(self.reactor.configuration) }
    }

    private func receive(_ connection: ReadConnection) throws(SQLFault) {
        var fatal: SQLFault?
        while !connection.inFlight.isEmpty, let step = connection.session.next() {
            if case .fault(let fault) = step, fault.isServerGone { fatal = fatal ?? fault }
            if connection.session.isBroken { break }
            if let group = try connection.receive(step) { try self.finish(group, on: connection) }
        }
        guard connection.session.isBroken || fatal != nil else { return }
        let fault = fatal ?? connection.session.connectionFault()
        self.reactor.health.discardConnections(because: fault, madeIn: connection.generation)
        throw fault
    }

    private func finish(_ group: ReadConnection.Group, on connection: ReadConnection) throws(SQLFault) {
        guard let attempt = group.attempt else {
            if let fault = group.fault { throw fault }
            guard let setup = group.rows else { throw SQLFault(.connection, "the session could not be set up") }
            try self.reactor.health.admit(timelineOf: setup, turned: connection.turns)
            connection.phase = .ready
            self.slots[connection.token].backoff.reset()
            self.figures.connectsTotal += 1
            return
        }
        if group.isSkipped {
            return self.again(attempt, because: SQLFault(.connection, "skipped for the failure of another statement"))
        }
        if let fault = group.fault {
            if fault.isStalePlan { return self.again(attempt, because: fault) }
            return self.settle(attempt.request, .failure(fault))
        }
        guard let rows = group.rows else { throw SQLFault(.connection, "a statement gave no result") }
        self.settle(attempt.request, .success(rows))
    }
}
