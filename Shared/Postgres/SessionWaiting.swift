internal import Glibc

/// The blocking side of ``Session``, for threads that own one.
extension Session {
    /// Connects and sets the session up, all within the configuration's connect timeout.
    static func connect(
        _ configuration: DatabaseConfiguration,
        _ health: Health,
        readOnly: Bool
    ) throws(SQLFault) -> Session {
        let deadline = Monotonic.now() + Int64(configuration.connectTimeoutMilliseconds) * 1_000
        let turns = health.turns
        let session = try Session.open(configuration, turned: turns, until: deadline)
        try session.execute(SessionSetup.sql, SessionSetup.parameters(configuration, readOnly: readOnly))
        try session.sync()
        let rows = try session.collect(1, until: deadline)
        try health.admit(timelineOf: rows[0], turned: turns)
        return session
    }

    /// Connects and leaves the session as the server made it.
    static func open(
        _ configuration: DatabaseConfiguration,
        turned places: Int = 0,
        until deadline: Int64
    ) throws(SQLFault) -> Session {
        let session = try Session(connecting: configuration, turned: places)
        // Before the first call of PQconnectPoll the socket counts as waiting to be writable.
        var isWriting = true
        while true {
            try session.wait(reading: !isWriting, writing: isWriting, until: deadline)
            switch try session.proceed() {
            case .connected: return session
            case .reading: isWriting = false
            case .writing: isWriting = true
            }
        }
    }

    /// Sends everything and receives `count` statements and their sync. The first fault is thrown after the sync.
    func collect(_ count: Int, until deadline: Int64) throws(SQLFault) -> [Rows] {
        var results: [Rows] = []
        results.reserveCapacity(count)
        var fault: SQLFault?
        while true {
            switch try self.nextStep(until: deadline) {
            case .rows(let rows): results.append(rows)
            case .fault(let failure): fault = fault ?? failure
            case .skipped, .end: break
            case .sync:
                if let fault { throw fault }
                guard results.count == count else {
                    throw SQLFault(.connection, "expected \(count) results, received \(results.count)")
                }
                return results
            }
            if self.isBroken { throw fault ?? self.connectionFault() }
        }
    }

    /// The next step, waiting for it while also sending what is left to send.
    func nextStep(until deadline: Int64) throws(SQLFault) -> Step {
        var isFlushed = try self.flush()
        while true {
            if let step = self.next() { return step }
            if self.isBroken { throw self.connectionFault() }
            try self.wait(reading: true, writing: !isFlushed, until: deadline)
            try self.consume()
            if !isFlushed { isFlushed = try self.flush() }
        }
    }

    /// Whether the server has said nothing since the last answer: an idle connection hears only that it ends.
    var isQuiet: Bool {
        guard !self.isBroken else { return false }
        var descriptor = pollfd(fd: self.socket, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 0
    }

    private func wait(reading: Bool, writing: Bool, until deadline: Int64) throws(SQLFault) {
        let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
        while true {
            let left = deadline - Monotonic.now()
            guard left > 0 else { throw SQLFault(.deadline, "no answer from the server in time") }
            var descriptor = pollfd(fd: self.socket, events: Int16(events), revents: 0)
            let outcome = poll(&descriptor, 1, Int32(min(left / 1_000 + 1, 60_000)))
            if outcome > 0 { return }
            guard outcome == 0 || errno == EINTR else { throw SQLFault(.connection, "poll failed: errno \(errno)") }
        }
    }
}
