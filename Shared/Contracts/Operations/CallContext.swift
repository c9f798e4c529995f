public import Vocabulary

/// What a handler knows of the call it serves, beside its input.
public struct CallContext: Sendable {
    /// `nil` only for an open operation.
    public var member: Caller?
    /// The other process, where the operation is between processes.
    public var peer: String?
    public var requestID: Identifier
    public var traceparent: String?
    /// The caller's organization's time, which a sandbox may have advanced: for all that happens in it.
    public var now: Instant
    public var deadline: Instant?
    public var idempotencyKey: String?
    /// SHA-256 over method, route and body: what the key stands for.
    public var requestHash: [UInt8]
    public var ifMatch: VersionMatch?
    public var ifNoneMatch: VersionMatch?
    /// Answer what would change, and change nothing.
    public var isDryRun: Bool
    public var remoteAddress: String?
    public var userAgent: String?
    /// How the caller wants a session's tokens, where the operation declares that it answers some.
    public var delivery = SessionDelivery.body
    /// The assertion as it came, to be passed on where the handler asks another service on the caller's behalf.
    public var assertion: String?

    public init(member: Caller?, requestID: Identifier, now: Instant) {
        self.member = member
        self.requestID = requestID
        self.now = now
        self.requestHash = []
        self.isDryRun = false
    }

    /// The machines' time: for what belongs to no organization, such as passwords, throttles, mails and what is kept for how long.
    public var wallTime: Instant {
        guard let ahead = self.member?.aheadSeconds, ahead != 0 else { return self.now }
        return self.now.advanced(bySeconds: -ahead)
    }

    /// The same call by somebody else, in their organization and at its time.
    public func acting(as caller: Caller) -> CallContext {
        var other = self
        other.now = self.wallTime.advanced(bySeconds: caller.aheadSeconds)
        other.member = caller
        return other
    }

    /// The caller of an operation that requires one.
    public func caller() throws(Fault) -> Caller {
        guard let member = self.member else { throw Fault(.unauthenticated, "Send a session token or an API key.") }
        return member
    }
}

/// A handler's answer.
public struct Reply: Hashable, Sendable {
    /// A list ends early once its answer is this long, with a cursor to go on from. A frame holds 1 MiB, and the last object taken
    /// in, with what is embedded in it, may be large.
    public static let bytesEnough = 512 * 1_024

    public var status: Int
    public var body: [UInt8]
    /// The version of the object in the body.
    public var etag: Int64?
    /// The path of what was created.
    public var location: String?
    /// The answer was stored with this idempotency key earlier.
    public var isReplayed = false
    /// The link target's query for the next page, for the `Link` header.
    public var next: String?
    /// What becomes of the session in the caller's cookies. Never stored with an idempotency key.
    public var session: SessionChange?

    public init(status: Int = 200, body: [UInt8], etag: Int64? = nil, location: String? = nil) {
        self.status = status
        self.body = body
        self.etag = etag
        self.location = location
    }

    public static let nothing = Reply(status: 204, body: [])

    /// Nothing to say but that the session of this call is over.
    public static let ended: Reply = {
        var reply = Reply.nothing
        reply.session = .ended
        return reply
    }()

    /// The reader has this version already.
    public static func notModified(_ version: Int64) -> Reply { Reply(status: 304, body: [], etag: version) }
}

/// Where a stream operation puts its items. Waits while the reader has granted no credit; throws once the reader is gone.
public protocol ItemSink: Sendable {
    func send(_ item: [UInt8]) async throws
}
