internal import NIOCore

/// One request and its response on a client's connection. Lives on the connection's loop.
final class ClientStream {
    let id: Int32
    var outbound: OutboundBody
    private let promise: EventLoopPromise<HTTPStreamingResponse>
    /// Until it is handed over: afterwards only the caller keeps it, and dropping it cancels the request.
    private var body: HTTPBodyStream?
    private let continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation
    private var status = 0
    private var fields: [HTTPField] = []
    private var hasHead = false
    private var hasEnded = false
    var deadline: Scheduled<Void>?

    init(
        id: Int32,
        body: [UInt8],
        promise: EventLoopPromise<HTTPStreamingResponse>,
        consumed: @escaping @Sendable (Int) -> Void,
        cancelled: @escaping @Sendable () -> Void
    ) {
        self.id = id
        self.outbound = OutboundBody(whole: body)
        self.promise = promise
        let (pieces, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        self.body = HTTPBodyStream(pieces: pieces, consumed: consumed, cancelled: cancelled)
        self.continuation = continuation
        continuation.onTermination = { reason in
            if case .cancelled = reason { cancelled() }
        }
    }

    func field(_ name: String, _ value: String) {
        // Trailers are left out.
        guard !self.hasHead else { return }
        if name == ":status" { self.status = Int(value) ?? 0 } else { self.fields.append(HTTPField(name, value)) }
    }

    func headEnded() {
        guard !self.hasHead, let body = self.body else { return }
        guard self.status >= 200 else {
            self.fields = []
            return
        }
        self.hasHead = true
        self.body = nil
        self.promise.succeed(HTTPStreamingResponse(status: self.status, fields: self.fields, body: body))
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        self.continuation.yield([UInt8](bytes))
    }

    func ended() {
        self.hasEnded = true
    }

    func closed(_ code: UInt32) {
        self.deadline?.cancel()
        if self.hasEnded && self.hasHead { return self.continuation.finish() }
        self.fail(
            HTTPClientFault(
                .reset(code: code),
                "the server reset the stream with code \(code)",
                isUnprocessed: code == HTTP2Code.refusedStream
            )
        )
    }

    func fail(_ fault: HTTPClientFault) {
        self.deadline?.cancel()
        if !self.hasHead {
            self.hasHead = true
            self.promise.fail(fault)
        }
        self.continuation.finish(throwing: fault)
    }
}
