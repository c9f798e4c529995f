/// The head of a frame: what kind it is and what that kind carries. The body is bytes beside it.
///
/// `PROTOCOL.md` defines each kind; a kind is added, never changed.
public enum Head: Hashable, Sendable {
    case hello(Hello)
    case proof(Proof)
    case call(CallHead)
    case reply(ReplyHead)
    case item(id: UInt32)
    case end(EndHead)
    case credit(id: UInt32, count: UInt32)
    case cancel(id: UInt32)
    case ping
    case pong
    case drain
    case close(CloseHead)

    /// The value of the head's `kind` field.
    public var kind: Kind {
        switch self {
        case .hello: .hello
        case .proof: .proof
        case .call: .call
        case .reply: .reply
        case .item: .item
        case .end: .end
        case .credit: .credit
        case .cancel: .cancel
        case .ping: .ping
        case .pong: .pong
        case .drain: .drain
        case .close: .close
        }
    }

    /// The kinds this version knows.
    public enum Kind: String, CaseIterable, Sendable {
        case hello, proof, call, reply, item, end, credit, cancel, ping, pong, drain, close
    }
}

/// What both sides say first: who they claim to be, and a nonce for the other's proof.
public struct Hello: Hashable, Sendable {
    public var version: UInt32
    public var service: String
    public var instance: String
    public var build: String
    /// The hash of the service's catalog, so that a gateway knows whether to fetch it again. Empty when there is none.
    public var catalog: String
    /// 32 random bytes in lowercase hexadecimal.
    public var nonce: String

    public init(
        version: UInt32 = WireLimits.protocolVersion,
        service: String,
        instance: String,
        build: String,
        catalog: String,
        nonce: String
    ) {
        self.version = version
        self.service = service
        self.instance = instance
        self.build = build
        self.catalog = catalog
        self.nonce = nonce
    }
}

/// The second step of the handshake: the HMAC over both nonces, in hexadecimal; empty under TLS.
public struct Proof: Hashable, Sendable {
    public var proof: String

    public init(_ proof: String) {
        self.proof = proof
    }
}

/// One member of a call's `parameters`: a path or query parameter, decoded.
public struct CallParameter: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A call: which operation, for whom and under which conditions. Its body is the request.
public struct CallHead: Hashable, Sendable {
    /// Chosen by the caller, greater than every earlier id of the connection. `WireClient` sets it.
    public var id: UInt32
    public var operation: String
    public var parameters: [CallParameter]
    public var assertion: String?
    /// How long the caller waits, from now.
    public var deadlineMilliseconds: Int?
    public var traceparent: String?
    public var requestID: String?
    public var idempotencyKey: String?
    public var ifMatch: VersionMatch?
    public var ifNoneMatch: VersionMatch?
    public var dryRun: Bool
    public var remoteAddress: String?
    public var userAgent: String?
    /// How the caller wants a session's tokens.
    public var delivery: SessionDelivery

    public init(
        id: UInt32 = 0,
        operation: String,
        parameters: [CallParameter] = [],
        assertion: String? = nil,
        deadlineMilliseconds: Int? = nil,
        traceparent: String? = nil,
        requestID: String? = nil,
        idempotencyKey: String? = nil,
        ifMatch: VersionMatch? = nil,
        ifNoneMatch: VersionMatch? = nil,
        dryRun: Bool = false,
        remoteAddress: String? = nil,
        userAgent: String? = nil,
        delivery: SessionDelivery = .body
    ) {
        self.id = id
        self.operation = operation
        self.parameters = parameters
        self.assertion = assertion
        self.deadlineMilliseconds = deadlineMilliseconds
        self.traceparent = traceparent
        self.requestID = requestID
        self.idempotencyKey = idempotencyKey
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
        self.dryRun = dryRun
        self.remoteAddress = remoteAddress
        self.userAgent = userAgent
        self.delivery = delivery
    }

    /// The value of a parameter, or nil when the call has none of that name.
    public func parameter(_ name: String) -> String? {
        self.parameters.first { $0.name == name }?.value
    }
}

/// The one answer to a call that is not a stream. Its body is the response, or the problem when `status` is not `ok`.
public struct ReplyHead: Hashable, Sendable {
    public var id: UInt32
    /// `ok` or a fault code.
    public var status: String
    public var httpStatus: Int?
    public var etag: Int64?
    public var location: String?
    /// The cursor of the next page, where the response is a page with more behind it.
    public var next: String?
    public var replayed: Bool
    public var retryAfterSeconds: Int?
    /// What becomes of the session in the caller's cookies.
    public var session: SessionChange?

    public init(
        id: UInt32,
        status: String,
        httpStatus: Int? = nil,
        etag: Int64? = nil,
        location: String? = nil,
        next: String? = nil,
        replayed: Bool = false,
        retryAfterSeconds: Int? = nil,
        session: SessionChange? = nil
    ) {
        self.id = id
        self.status = status
        self.httpStatus = httpStatus
        self.etag = etag
        self.location = location
        self.next = next
        self.replayed = replayed
        self.retryAfterSeconds = retryAfterSeconds
        self.session = session
    }
}

/// The end of a stream. Its body is empty, or the problem when `status` is not `ok`.
public struct EndHead: Hashable, Sendable {
    public var id: UInt32
    public var status: String

    public init(id: UInt32, status: String) {
        self.id = id
        self.status = status
    }
}

/// The last thing said on a connection: why it is being closed.
public struct CloseHead: Hashable, Sendable {
    public var code: CloseCode
    public var detail: String

    public init(_ code: CloseCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// Why a connection was closed. Open: a reader keeps a code it does not know.
public struct CloseCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// `length` is below its least or above its greatest value.
    public static let frameLength = CloseCode(rawValue: "frame_length")
    /// `head_length` is 0, beyond its limit or beyond the frame.
    public static let headLength = CloseCode(rawValue: "head_length")
    /// The head is not the JSON object that the document asks for.
    public static let headInvalid = CloseCode(rawValue: "head_invalid")
    /// The head's `kind` is none that this version knows.
    public static let unknownKind = CloseCode(rawValue: "unknown_kind")
    /// A known kind at a time, or from a side, that may not send it.
    public static let unexpectedKind = CloseCode(rawValue: "unexpected_kind")
    /// An id that was never called, or was answered before, or does not increase.
    public static let unknownID = CloseCode(rawValue: "unknown_id")
    /// The reader granted more credit than a stream may have.
    public static let credit = CloseCode(rawValue: "credit")
    /// The peer's hello has another protocol version.
    public static let version = CloseCode(rawValue: "version")
    /// The proof is wrong, or the certificate's name is not the claimed or an allowed one.
    public static let identity = CloseCode(rawValue: "identity")
    /// The handshake took too long.
    public static let helloTimeout = CloseCode(rawValue: "hello_timeout")
    /// Nothing was heard of the peer, or it took nothing, for too long.
    public static let deadPeer = CloseCode(rawValue: "dead_peer")
}
