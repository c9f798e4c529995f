internal import NIOCore

/// What a connection remembers of the clock.
struct ConnectionTimes {
    let start: NIODeadline
    var sweep: Scheduled<Void>?
    private(set) var hasFirstFrame = false
    private(set) var headOpenSince: NIODeadline?
    private var headSequence = 0
    private(set) var idleSince: NIODeadline
    private(set) var unwritableSince: NIODeadline?
    var drain = Drain.none

    /// How far the two-step goodbye has come.
    enum Drain {
        case none
        /// The shutdown notice went out; everything is still served.
        case noticed(NIODeadline)
        /// The last stream is named; what runs may finish.
        case leaving(NIODeadline)
    }

    init(start: NIODeadline) {
        self.start = start
        self.idleSince = start
    }

    mutating func received(_ scanner: FrameScanner, now: NIODeadline) {
        guard scanner.isHeadOpen else {
            self.headOpenSince = nil
            self.hasFirstFrame = self.hasFirstFrame || scanner.sequence > 0
            return
        }
        if scanner.sequence > 1 { self.hasFirstFrame = true }
        if self.headOpenSince == nil || self.headSequence != scanner.sequence {
            self.headOpenSince = now
            self.headSequence = scanner.sequence
        }
    }

    mutating func requestEnded(now: NIODeadline) {
        self.idleSince = now
    }

    mutating func writabilityChanged(_ isWritable: Bool, now: NIODeadline) {
        self.unwritableSince = isWritable ? nil : now
    }
}

/// Everything that happens because time has passed.
extension HTTP2ServerHandler {
    func scheduleSweep() {
        let pause = self.limits.sweepPause(headOpenSince: self.times.headOpenSince, now: self.now)
        self.times.sweep = self.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            guard self.context != nil else { return }
            self.sweep()
            self.scheduleSweep()
        }
    }

    private func sweep() {
        let now = self.now
        if let since = self.times.unwritableSince, now - since >= self.limits.responseStallTimeout {
            self.core.counters.refused(.responseStalled)
            self.context?.close(promise: nil)
            return
        }
        guard !self.isDeparting else { return }
        if !self.times.hasFirstFrame && now - self.times.start >= self.limits.prefaceTimeout {
            return self.farewell(HTTP2Code.noError, .prefaceTimeout)
        }
        if let since = self.times.headOpenSince, self.times.hasFirstFrame, now - since >= self.limits.headTimeout {
            return self.farewell(HTTP2Code.protocolError, .headTimeout)
        }
        self.sweepStreams(now)
        self.sweepConnection(now)
        self.schedulePump()
    }

    private func sweepStreams(_ now: NIODeadline) {
        for stream in Array(self.streams.values) {
            if stream.pace?.isTooSlow(now, self.limits) == true, stream.phase == .body {
                stream.pace = nil
                self.refuse(stream, 408, .slowBody)
            } else if stream.outbound.count > 0, now - stream.lastProgress >= self.limits.responseStallTimeout {
                self.core.counters.refused(.responseStalled)
                stream.outbound.clear()
                self.session?.reset(stream.id, HTTP2Code.cancel)
            } else if let since = stream.answeredEarly, now - since >= self.limits.farewellTimeout {
                self.session?.reset(stream.id, HTTP2Code.noError)
            }
        }
    }

    private func sweepConnection(_ now: NIODeadline) {
        switch self.times.drain {
        case .none:
            if self.streams.isEmpty && self.handlersRunning == 0
                && now - self.times.idleSince >= self.limits.idleTimeout
            {
                self.farewell(HTTP2Code.noError, nil)
            } else if now - self.times.start >= self.limits.connectionAgeMax {
                self.beginDrain()
            }
        case .noticed(let since):
            if now - since >= self.limits.drainNoticeTime { self.nameLastStream() }
        case .leaving(let since):
            guard now - since >= self.limits.drainTimeout else { return }
            self.core.counters.refused(.drainTimeout)
            for id in Array(self.streams.keys) { self.session?.reset(id, HTTP2Code.cancel) }
            // Now: a session that is to be terminated sends no resets any more.
            self.pump()
            self.farewell(HTTP2Code.noError, nil)
        }
    }

    /// The two-step goodbye: a notice now, the last stream's number `drainNoticeTime` later.
    func beginDrain() {
        guard case .none = self.times.drain, !self.isDeparting, self.context != nil else { return }
        self.times.drain = .noticed(self.now)
        self.session?.noticeShutdown()
        self.schedulePump()
        _ = self.eventLoop.assumeIsolated().scheduleTask(in: self.limits.drainNoticeTime) { self.nameLastStream() }
    }

    private func nameLastStream() {
        guard case .noticed = self.times.drain, !self.isDeparting else { return }
        self.times.drain = .leaving(self.now)
        self.session?.goAway(HTTP2Code.noError)
        self.schedulePump()
    }
}
