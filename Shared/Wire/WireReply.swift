public import Contracts

/// The answer to a call: `ok` with the response, or a fault code with its problem.
public struct WireReply: Hashable, Sendable {
    public var status: String
    public var httpStatus: Int?
    public var etag: Int64?
    public var location: String?
    /// The cursor of the next page.
    public var next: String?
    public var replayed: Bool
    /// Seconds after which the caller may try again.
    public var retryAfter: Int?
    /// What becomes of the session in the caller's cookies.
    public var session: SessionChange?
    public var body: [UInt8]

    public init(
        status: String = WireStatus.ok,
        httpStatus: Int? = nil,
        etag: Int64? = nil,
        location: String? = nil,
        next: String? = nil,
        replayed: Bool = false,
        retryAfter: Int? = nil,
        session: SessionChange? = nil,
        body: [UInt8] = []
    ) {
        self.status = status
        self.httpStatus = httpStatus
        self.etag = etag
        self.location = location
        self.next = next
        self.replayed = replayed
        self.retryAfter = retryAfter
        self.session = session
        self.body = body
    }

    public var isOK: Bool { self.status == WireStatus.ok }
}

/// How a stream ended: `ok` with no body, or a fault code with its problem.
public struct StreamEnd: Hashable, Sendable {
    public var status: String
    public var body: [UInt8]

    public init(status: String = WireStatus.ok, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    /// The stream is complete.
    public static let ok = StreamEnd()
}

/// The statuses that Wire itself gives or acts upon; all others come from handlers and pass through.
public enum WireStatus {
    public static let ok = "ok"
    public static let deadlineExceeded = "deadline_exceeded"
    public static let cancelled = "cancelled"
    public static let unavailable = "unavailable"
    /// The service has too much to do and has done nothing for the call. Nobody but the caller tries again, when it was told to: a second
    /// try at once would add to what there is too much of, and keep the caller waiting for the same answer.
    public static let busy = "busy"
    /// The peer is shutting down and did not start the call: another instance may.
    public static let retryElsewhere = "retry_elsewhere"
    public static let internalError = "internal"
}

extension WireReply {
    /// What Wire answers in a handler's place.
    enum Refusal: Hashable, Sendable {
        case retryElsewhere, tooManyCalls, deadlineExceeded, cancelled, replyTooLarge, notAStream

        var reply: WireReply {
            switch self {
            case .retryElsewhere:
                Self.reply(WireStatus.retryElsewhere, 503, "The instance is shutting down", retryAfter: 1)
            case .tooManyCalls:
                Self.reply(WireStatus.unavailable, 503, "The connection has too many calls running", retryAfter: 1)
            case .deadlineExceeded:
                Self.reply(WireStatus.deadlineExceeded, 504, "The deadline passed before the answer was ready")
            case .cancelled:
                Self.reply(WireStatus.cancelled, 499, "The caller cancelled the call")
            case .replyTooLarge:
                Self.reply(WireStatus.internalError, 500, "The answer is larger than a frame may be", retryable: false)
            case .notAStream:
                Self.reply(
                    WireStatus.internalError,
                    500,
                    "The operation answers once, not as a stream",
                    retryable: false
                )
            }
        }

        private static func reply(
            _ code: String,
            _ status: Int,
            _ title: String,
            retryAfter: Int? = nil,
            retryable: Bool = true
        ) -> WireReply {
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("type")
            writer.string("about:blank")
            writer.key("title")
            writer.string(title)
            writer.key("status")
            writer.int(Int64(status))
            writer.key("code")
            writer.string(code)
            writer.key("retryable")
            writer.bool(retryable)
            writer.endObject()
            return WireReply(status: code, retryAfter: retryAfter, body: writer.finish())
        }
    }

    init(_ head: ReplyHead, body: [UInt8]) {
        self.init(
            status: head.status,
            httpStatus: head.httpStatus,
            etag: head.etag,
            location: head.location,
            next: head.next,
            replayed: head.replayed,
            retryAfter: head.retryAfterSeconds,
            session: head.session,
            body: body
        )
    }

    func head(id: UInt32) -> ReplyHead {
        ReplyHead(
            id: id,
            status: self.status,
            httpStatus: self.httpStatus,
            etag: self.etag,
            location: self.location,
            next: self.next,
            replayed: self.replayed,
            retryAfterSeconds: self.retryAfter,
            session: self.session
        )
    }
}
