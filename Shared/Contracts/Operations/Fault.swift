public import Vocabulary

/// The one error that crosses a service boundary, and what a client reads as problem+json.
public struct Fault: Error, Hashable, Sendable {
    public var code: Code
    /// A sentence for the person who reads the answer. It never carries a secret or another tenant's data.
    public var detail: String
    public var problems: [Problem]
    /// Further members of the problem, such as `from`, `to` and `allowed` of an invalid transition.
    public var members: JSONObject
    /// Seconds after which a retry makes sense.
    public var retryAfter: Int?

    public init(
        _ code: Code,
        _ detail: String,
        problems: [Problem] = [],
        members: JSONObject = [:],
        retryAfter: Int? = nil
    ) {
        self.code = code
        self.detail = detail
        self.problems = problems
        self.members = members
        self.retryAfter = retryAfter
    }

    /// Open on purpose: a code that this build has never heard of still travels.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
    }
}

/// One thing wrong with a request, and where: a JSON pointer into the body, or `/query/limit`, `/path/id`, `/header/if-match`.
public struct Problem: Hashable, Sendable {
    public var pointer: String
    public var code: String
    public var detail: String

    public init(_ pointer: String, _ code: String, _ detail: String) {
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }
}

// MARK: - Codes

extension Fault.Code {
    public static let invalidRequest = Fault.Code(rawValue: "invalid_request")
    public static let unauthenticated = Fault.Code(rawValue: "unauthenticated")
    public static let forbidden = Fault.Code(rawValue: "forbidden")
    public static let notFound = Fault.Code(rawValue: "not_found")
    public static let methodNotAllowed = Fault.Code(rawValue: "method_not_allowed")
    public static let conflict = Fault.Code(rawValue: "conflict")
    public static let invalidTransition = Fault.Code(rawValue: "invalid_transition")
    public static let possibleDuplicate = Fault.Code(rawValue: "possible_duplicate")
    public static let gone = Fault.Code(rawValue: "gone")
    public static let stale = Fault.Code(rawValue: "stale")
    public static let tooLarge = Fault.Code(rawValue: "too_large")
    public static let unsupportedMediaType = Fault.Code(rawValue: "unsupported_media_type")
    public static let validationFailed = Fault.Code(rawValue: "validation_failed")
    public static let idempotencyMismatch = Fault.Code(rawValue: "idempotency_mismatch")
    public static let preconditionRequired = Fault.Code(rawValue: "precondition_required")
    public static let rateLimited = Fault.Code(rawValue: "rate_limited")
    public static let internalError = Fault.Code(rawValue: "internal")
    public static let unavailable = Fault.Code(rawValue: "unavailable")
    public static let retryElsewhere = Fault.Code(rawValue: "retry_elsewhere")
    public static let deadlineExceeded = Fault.Code(rawValue: "deadline_exceeded")

    /// Status and title of each code, as `API.md` publishes them. An unknown code is a 500 to a client that cannot know better.
    private static let table: [Fault.Code: (status: Int, title: String)] = [
        .invalidRequest: (400, "The request cannot be read"),
        .unauthenticated: (401, "A valid credential is required"),
        .forbidden: (403, "This credential may not do that"),
        .notFound: (404, "There is nothing here"),
        .methodNotAllowed: (405, "This method is not available here"),
        .conflict: (409, "This conflicts with what is stored"),
        .invalidTransition: (409, "This change of state is not possible"),
        .possibleDuplicate: (409, "This may already exist"),
        .gone: (410, "This is no longer available"),
        .stale: (412, "The object has changed since it was read"),
        .tooLarge: (413, "The request is too large"),
        .unsupportedMediaType: (415, "This media type is not understood"),
        .validationFailed: (422, "Some values are not acceptable"),
        .idempotencyMismatch: (422, "This idempotency key was used for another request"),
        .preconditionRequired: (428, "An If-Match header is required"),
        .rateLimited: (429, "Too many requests"),
        .internalError: (500, "Something went wrong on our side"),
        .unavailable: (503, "The service is not available at this moment"),
        .retryElsewhere: (503, "The service is not available at this moment"),
        .deadlineExceeded: (504, "The request took too long"),
    ]

    public var httpStatus: Int { Self.table[self]?.status ?? 500 }
    public var title: String { Self.table[self]?.title ?? "The request failed" }

    /// Whether the same request may succeed later without being changed.
    public var isRetryable: Bool {
        [.rateLimited, .unavailable, .retryElsewhere, .deadlineExceeded].contains(self)
    }

    /// Every code that `API.md` documents, in the order of their statuses.
    public static var documented: [Fault.Code] {
        Self.table.keys.filter { $0 != .retryElsewhere }
            .sorted { ($0.httpStatus, $0.rawValue) < ($1.httpStatus, $1.rawValue) }
    }
}

// MARK: - Making and writing faults

extension Fault {
    /// What a service with too much to do answers before it has done anything, or the gateway in its place.
    public static func busy(_ service: String) -> Fault {
        Fault(
            .unavailable,
            "The service \(service) is busy. Nothing was done; try again in a moment.",
            retryAfter: 1
        )
    }

    public static func notFound(_ what: String) -> Fault { Fault(.notFound, "No \(what) has this id.") }

    public static func invalid(_ problems: [Problem]) -> Fault {
        Fault(
            .validationFailed,
            problems.count == 1 ? problems[0].detail : "\(problems.count) values are not acceptable.",
            problems: problems
        )
    }

    public static func invalid(_ pointer: String, _ code: String, _ detail: String) -> Fault {
        Fault.invalid([Problem(pointer, code, detail)])
    }

    /// A domain rule's refusal, as clients see it. The only place where one becomes the other.
    public init(_ rejection: Rejection) {
        switch rejection.kind {
        case .invalidTransition(let from, let to, let allowed):
            self.init(
                .invalidTransition,
                rejection.detail,
                members: ["from": .string(from), "to": .string(to), "allowed": .array(allowed.map(JSON.string))]
            )
        case .invalid(let pointer, let code):
            self = .invalid(pointer, code, rejection.detail)
        case .conflict(let code):
            self.init(.conflict, rejection.detail, problems: [Problem("", code, rejection.detail)])
        case .gone(let code):
            self.init(.gone, rejection.detail, problems: [Problem("", code, rejection.detail)])
        }
    }

    /// The body of the answer: RFC 9457 problem details.
    public func problemDetails(requestID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("type")
        writer.string("/docs/problems#\(self.code.rawValue)")
        writer.key("title")
        writer.string(self.code.title)
        writer.key("status")
        writer.int(Int64(self.code.httpStatus))
        writer.key("detail")
        writer.string(self.detail)
        writer.key("instance")
        writer.string("urn:uuid:\(requestID)")
        writer.key("code")
        writer.string(self.code.rawValue)
        writer.key("request_id")
        writer.string(requestID)
        writer.key("retryable")
        writer.bool(self.code.isRetryable)
        if !self.problems.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for problem in self.problems {
                writer.beginObject()
                writer.key("pointer")
                writer.string(problem.pointer)
                writer.key("code")
                writer.string(problem.code)
                writer.key("detail")
                writer.string(problem.detail)
                writer.endObject()
            }
            writer.endArray()
        }
        for member in self.members.members {
            writer.key(member.key)
            writer.value(member.value)
        }
        writer.endObject()
        return writer.bytes
    }
}
