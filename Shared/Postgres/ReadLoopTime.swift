internal import DequeModule
internal import Synchronization

/// What time does to requests, and what others see of the loop.
extension ReadLoop {
    func timeout(at now: Int64) -> Int32 {
        if !self.reactor.inbox.withLock({ $0.requests.isEmpty }) { return 0 }
        var left = Self.idleMilliseconds
        let isWaitedFor = !self.waiting.isEmpty || self.figures.busy > 0 || self.reactor.transactions.hasWaiters
        if isWaitedFor { left = Self.scanMilliseconds }
        for slot in self.slots {
            let at = slot.connection.map { $0.phase == .ready ? Int64.max : $0.connectBy } ?? slot.connectAt
            if at != .max { left = min(left, max(0, (at - now) / 1_000 + 1)) }
        }
        return Int32(left)
    }

    func expire(at now: Int64) {
        guard now >= self.scanAt else { return }
        self.scanAt = now + Self.scanMilliseconds * 1_000
        let connected = self.slots.count { $0.connection?.phase == .ready }
        let lastFault = self.reactor.health.lastFault
        for attempt in self.waiting {
            let request = attempt.request
            guard let fault = request.expiry.waitingFault(at: now, lastFault: lastFault, connected: connected) else {
                continue
            }
            if request.settle(.failure(fault)) { self.figures.failedTotal += 1 }
        }
        for slot in self.slots {
            guard let connection = slot.connection else { continue }
            self.expire(connection, at: now)
        }
        self.reactor.transactions.expire(at: now)
    }

    /// Fails what is past its deadline. Its answer is still awaited and thrown away, for a moment; then the socket is
    /// closed, so that one slow statement does not hold up the others behind it.
    private func expire(_ connection: ReadConnection, at now: Int64) {
        for index in connection.inFlight.indices {
            guard let request = connection.inFlight[index].attempt?.request, now >= request.expiry.answerBy else {
                continue
            }
            let fault = SQLFault(.deadline, "the deadline passed before the answer")
            if request.settle(.failure(fault)) { self.figures.failedTotal += 1 }
        }
        guard let head = connection.inFlight.first, let request = head.attempt?.request, request.isSettled else {
            return
        }
        if let since = head.abandonedAt {
            guard now - since >= Self.abandonedMicroseconds else { return }
            self.lose(connection, SQLFault(.connection, "closed for the sake of the reads behind an abandoned one"))
        } else {
            connection.inFlight[0].abandonedAt = now
        }
    }

    // MARK: Others' view

    func publish(at now: Int64) {
        self.figures.connected = self.slots.count { $0.connection?.phase == .ready }
        self.figures.busy = self.slots.reduce(0) { $0 + ($1.connection?.inFlight.count ?? 0) }
        self.figures.waiting = self.waiting.count
        let isReady = self.figures.connected > 0 && self.reactor.transactions.figures.connected > 0
        let isLate = now >= self.startBy
        let starters = self.reactor.inbox.withLock { inbox in
            inbox.figures = self.figures
            inbox.open -= self.answered
            guard isReady || isLate || inbox.isStopping else { return [CheckedContinuation<Started, Never>]() }
            defer { inbox.starters.removeAll() }
            return inbox.starters
        }
        self.answered = 0
        let fault = self.reactor.health.lastFault ?? SQLFault(.connection, "no connection within the start timeout")
        for starter in starters { starter.resume(returning: isReady ? .success(()) : .failure(fault)) }
    }

    private typealias Started = Result<Void, SQLFault>

    /// Closes the connections and lets ``Reactor/shutdown()`` return.
    func end() {
        for slot in self.slots {
            if let connection = slot.connection, connection.session.socket >= 0 {
                self.poller.forget(connection.session.socket)
            }
        }
        self.slots.removeAll()
        self.publish(at: Monotonic.now())
        let enders = self.reactor.inbox.withLock { inbox in
            defer { inbox.enders.removeAll() }
            inbox.isEnded = true
            return inbox.enders
        }
        for ender in enders { ender.resume() }
    }
}
