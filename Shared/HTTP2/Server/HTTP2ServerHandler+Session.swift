internal import NIOCore

/// The session's news: requests come together here and go to the handler.
extension HTTP2ServerHandler: SessionDelegate {
    /// Frames paid for before the session sees them.
    func passesGuard(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let now = self.now
        var verdict = FloodGuard.Verdict.allowed
        self.scanner.scan(bytes) { frame in
            verdict = self.floodGuard.received(frame, now: now)
            return verdict == .allowed
        }
        return self.obey(verdict)
    }

    @discardableResult
    private func obey(_ verdict: FloodGuard.Verdict) -> Bool {
        switch verdict {
        case .allowed:
            return true
        case .flood:
            self.farewell(HTTP2Code.enhanceYourCalm, .flood)
        case .protocolError:
            self.farewell(HTTP2Code.protocolError, .protocolError)
        case .streamClosed:
            self.farewell(HTTP2Code.streamClosed, .protocolError)
        }
        return false
    }

    // MARK: Heads

    func headBegan(_ id: Int32) {
        guard self.streams[id] == nil else { return }
        let request = HTTPRequest(
            method: "",
            target: "",
            scheme: "",
            remoteAddress: self.remoteAddress,
            isTLS: self.isTLS
        )
        self.streams[id] = ServerStream(id: id, connection: self, request: request, now: self.now)
    }

    func takesField(_ id: Int32, bytes: Int) -> FieldVerdict {
        guard let stream = self.streams[id], !self.isDeparting else { return .abort }
        stream.fieldCount += 1
        // RFC 9113, 10.5.1: a field counts its name, its value and 32.
        stream.fieldBytes += bytes + 32
        let isOver =
            stream.fieldBytes > self.limits.headerListBytesMax || stream.fieldCount > self.limits.headerFieldsMax
        guard isOver else { return stream.phase == .head ? .take : .skip }
        if !stream.isOversized {
            stream.isOversized = true
            self.oversizedHeads += 1
        }
        // Four times the limit is no mistake but a bomb: not worth decoding to its end.
        let isBomb = stream.fieldBytes > 4 * self.limits.headerListBytesMax
        if isBomb || self.oversizedHeads >= self.limits.oversizedHeadsMax {
            self.farewell(HTTP2Code.enhanceYourCalm, .headTooLarge)
            return .abort
        }
        return .skip
    }

    func field(_ id: Int32, name: String, value: String) {
        guard let stream = self.streams[id] else { return }
        guard name.utf8.first == UInt8(ascii: ":") else {
            // A proxy behind us might fold `_` and `-` into one name.
            if name.utf8.contains(UInt8(ascii: "_")) { stream.isMalformed = true }
            return stream.request.fields.append(HTTPField(name, value))
        }
        switch name {
        case ":method": stream.request.method = value
        case ":path": stream.request.target = value
        case ":authority": stream.request.authority = value
        case ":scheme": stream.request.scheme = value
        default: stream.isMalformed = true
        }
    }

    func invalidField(_ id: Int32) {
        self.core.counters.refused(.invalidHead)
    }

    func invalidFrame(_ id: Int32) {
        self.obey(self.floodGuard.receivedFault(now: self.now))
    }

    func headEnded(_ id: Int32, endStream: Bool) {
        guard let stream = self.streams[id] else { return }
        if stream.phase == .head, let (status, reason) = self.refusal(of: stream) {
            self.refuse(stream, status, reason)
        } else if endStream {
            self.complete(stream)
        } else if stream.phase == .head {
            stream.phase = .body
            stream.pace = BodyPace(start: self.now)
            if stream.request.first("expect")?.lowercased() == "100-continue" { self.session?.inform(id, status: 100) }
        }
    }

    private func refusal(of stream: ServerStream) -> (Int, HTTPRefusal)? {
        if stream.isOversized { return (431, .headTooLarge) }
        let host = stream.request.first("host")
        if stream.request.authority.isEmpty { stream.request.authority = host ?? "" }
        let isMisdirected = host != nil && host != stream.request.authority
        if stream.isMalformed || isMisdirected || stream.request.target.isEmpty { return (400, .invalidHead) }
        let length = stream.request.first("content-length").flatMap { Int($0) } ?? 0
        return length > self.limits.requestBodyBytesMax ? (413, .bodyTooLarge) : nil
    }

    // MARK: Bodies

    func bodyArrived(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
        self.session?.consumeConnection(bytes.count)
        guard let stream = self.streams[id], stream.phase == .body else { return }
        guard stream.request.body.count + bytes.count <= self.limits.requestBodyBytesMax else {
            return self.refuse(stream, 413, .bodyTooLarge)
        }
        stream.request.body.append(contentsOf: bytes)
        stream.pace?.received(bytes.count)
        stream.bufferedBytes += bytes.count
        self.bodyBytesBuffered += bytes.count
        if self.mayReadOn(stream) {
            self.session?.consumeStream(id, bytes.count)
        } else {
            if stream.withheldBytes == 0 { self.withheldStreams += 1 }
            stream.withheldBytes += bytes.count
            stream.pace?.pause(self.now)
        }
    }

    /// With too much buffered, only the oldest unfinished body reads on: so one always does.
    private func mayReadOn(_ stream: ServerStream) -> Bool {
        if self.bodyBytesBuffered <= self.limits.bodyBytesBufferedMax { return true }
        return !self.streams.values.contains { $0.phase == .body && $0.id < stream.id }
    }

    private func releaseWithheld() {
        guard self.withheldStreams > 0 else { return }
        for stream in self.streams.values.sorted(by: { $0.id < $1.id }) where stream.withheldBytes > 0 {
            guard self.mayReadOn(stream) else { return }
            self.session?.consumeStream(stream.id, stream.withheldBytes)
            stream.withheldBytes = 0
            stream.pace?.resume(self.now)
            self.withheldStreams -= 1
        }
        self.schedulePump()
    }

    private func releaseBuffer(of stream: ServerStream) {
        self.bodyBytesBuffered -= stream.bufferedBytes
        stream.bufferedBytes = 0
        if stream.withheldBytes > 0 {
            stream.withheldBytes = 0
            self.withheldStreams -= 1
        }
        self.releaseWithheld()
    }

    func bodyEnded(_ id: Int32) {
        guard let stream = self.streams[id], stream.phase == .body else { return }
        self.complete(stream)
    }

    private func complete(_ stream: ServerStream) {
        guard stream.phase == .head || stream.phase == .body, !self.isDeparting else { return }
        // A stream that was reset may still have a handler at work: it counts until that has ended.
        if self.handlersRunning >= self.limits.streamsPerConnectionMax {
            self.core.counters.refused(.streamLimit)
            self.session?.reset(stream.id, HTTP2Code.refusedStream)
            return
        }
        stream.pace = nil
        stream.handlerStarted()
        self.handlersRunning += 1
        self.requests += 1
        self.core.counters.requestStarted()
        if self.withheldStreams > 0 { self.releaseWithheld() }
        let responder = HTTPResponder(stream, flags: stream.flags, eventLoop: self.eventLoop)
        self.core.handler.handle(stream.request, responder)
        stream.request.body = []
        if self.requests >= self.limits.requestsPerConnectionMax { self.beginDrain() }
    }

    // MARK: Responses

    func respond(_ stream: ServerStream, status: Int, fields: [HTTPField], contentLength: Int?, hasBody: Bool) {
        var extra: [HTTPField] = []
        if fields.first("date") == nil { extra.append(HTTPField("date", self.date.now())) }
        if let contentLength, fields.first("content-length") == nil {
            extra.append(HTTPField("content-length", String(contentLength)))
        }
        _ = self.session?.respond(stream.id, status: status, fields: fields, extra: extra, hasBody: hasBody)
        self.schedulePump()
    }

    func refuse(_ stream: ServerStream, _ status: Int, _ reason: HTTPRefusal) {
        self.core.counters.refused(reason)
        stream.phase = .refused
        stream.request.body = []
        let response = self.core.refusalResponse(status, stream.request)
        stream.send(status: status, fields: response.fields, body: response.body)
        self.releaseBuffer(of: stream)
    }

    func bodyGrew(_ stream: ServerStream) {
        self.session?.resume(stream.id)
        self.schedulePump()
    }

    func readBody(_ id: Int32, into target: UnsafeMutableRawBufferPointer) -> OutboundBody.Read {
        self.streams[id]?.readBody(into: target, now: self.now) ?? .deferred
    }

    func handlerEnded(_ stream: ServerStream) {
        self.handlersRunning -= 1
        self.core.counters.requestEnded()
        self.times.requestEnded(now: self.now)
        self.releaseBuffer(of: stream)
    }

    func handlerDropped(_ stream: ServerStream) {
        guard !stream.isClosed else { return }
        self.core.counters.refused(.handlerDropped)
        if stream.isResponding {
            self.session?.reset(stream.id, HTTP2Code.internalError)
            self.schedulePump()
        } else {
            let response = self.core.refusalResponse(500, stream.request)
            stream.send(status: 500, fields: response.fields, body: response.body)
        }
    }

    // MARK: Frames out, streams gone

    func sent(_ frame: FrameHead) {
        switch frame.type {
        case FrameHead.data:
            self.floodGuard.sentData()
        case FrameHead.resetStream:
            self.obey(self.floodGuard.sentReset(frame.stream, now: self.now))
            return
        case FrameHead.headers:
            break
        default:
            return
        }
        // Answered before the request was complete: the client is to stop sending. The reset that tells it so waits for
        // the next sweeps, since some clients (curl 7.88) lose a response that a reset follows at once.
        if frame.endsStream, let session = self.session, !session.isRemoteClosed(frame.stream) {
            self.streams[frame.stream]?.answeredEarly = self.now
        }
    }

    func streamClosed(_ id: Int32, code: UInt32) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        self.times.requestEnded(now: self.now)
        if stream.phase != .handling { self.releaseBuffer(of: stream) }
        stream.closed()
    }

    func wentAway(lastStream: Int32, code: UInt32) {
        // The client will open nothing more; the session ends by itself after the last stream.
    }
}
