/// Everything about one operation that others need: its name, its route, who may use it, what goes in and what comes out.
/// The catalog, the gateway's routes, the OpenAPI document, validation and the isolation and role suites all derive from it.
public struct OperationDeclaration: Hashable, Sendable {
    /// `<service>.<aggregate>.<verb>`; never edited after release.
    public let name: String
    public let version: Int
    /// How HTTP clients reach it; `nil` for an operation between processes.
    public let route: Route?
    public let access: Access
    public let summary: String
    public private(set) var details = ""
    public private(set) var path: [Field] = []
    public private(set) var query: [Field] = [] {
        didSet { self.queryWhereAbsent = self.query.filter { $0.defaultValue != nil || $0.isRequired } }
    }
    /// The fields of the query about which something is done where they are absent: few, while a list has tens that it may filter by.
    private(set) var queryWhereAbsent: [Field] = []
    public private(set) var body: Body = .none
    public private(set) var output: Output = .nothing
    public private(set) var status = 200
    public private(set) var idempotency: Idempotency = .unsupported
    public private(set) var canRehearse = true
    /// Whether the person must have proved who they are a short while ago.
    public private(set) var stepUp: StepUp?
    /// What it does to the caller's session; `nil` for nearly all.
    public private(set) var session: SessionEffect?
    public private(set) var requiresIfMatch = false
    public private(set) var faults: [Fault.Code] = []
    public private(set) var events: [String] = []
    /// Other services that the handler asks on the caller's behalf; the assertion is made out to them too.
    public private(set) var calls: [String] = []
    public private(set) var isStream = false

    /// What a request carries.
    public enum Body: Hashable, Sendable {
        case none
        /// A JSON object in which every required field must be present.
        case object([Field])
        /// A JSON merge patch (RFC 7396) over a resource's writable fields.
        case mergePatch([Field])
        /// A batch `{mode, rows}`; the handler reads each row by these fields, so that one bad row need not cost the others.
        case rows([Field], countMax: Int)
    }

    /// What an answer holds.
    public enum Output: Hashable, Sendable {
        case nothing
        /// One object of the named schema.
        case object(String, [Field])
        /// A page `{data, next_cursor, has_more}` of objects of the named schema.
        case page(String, [Field])
        /// Server-sent events whose data are objects of the named schema.
        case stream(String, [Field])
    }

    /// Whether a request may, must or cannot carry an `Idempotency-Key`.
    public enum Idempotency: String, Hashable, Sendable {
        case unsupported
        case optional
        /// Where money moves, or something is sent, signed or invited.
        case required
    }

    public init(
        _ name: String,
        version: Int = 1,
        _ route: Route?,
        access: Access,
        _ summary: String
    ) {
        self.name = name
        self.version = version
        self.route = route
        self.access = access
        self.summary = summary
        self.path = (route?.parameters ?? []).map { Field.identifier($0).required() }
    }

    /// The name on the wire, such as `crm.deal.advance/1`.
    public var wireName: String { "\(self.name)/\(self.version)" }
    public var service: String { String(self.name.prefix { $0 != "." }) }
}

/// A method and a path template such as `/v1/deals/{id}/advance`.
public struct Route: Hashable, Sendable {
    /// The HTTP methods that routes use.
    public enum Method: String, CaseIterable, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case put = "PUT"
        case delete = "DELETE"

        /// Only reads (RFC 9110 section 9.2.1). A repeated PATCH whose first was carried out would answer 412, a repeated DELETE 404.
        public var isSafe: Bool { self == .get }
    }

    public let method: Method
    public let template: String

    public init(_ method: Method, _ template: String) {
        self.method = method
        self.template = template
    }

    public static func get(_ template: String) -> Route { Route(.get, template) }
    public static func post(_ template: String) -> Route { Route(.post, template) }
    public static func patch(_ template: String) -> Route { Route(.patch, template) }
    public static func delete(_ template: String) -> Route { Route(.delete, template) }

    /// The names in braces, in order.
    public var parameters: [String] {
        self.template.split(separator: "/").compactMap { part in
            part.first == "{" && part.last == "}" ? String(part.dropFirst().dropLast()) : nil
        }
    }
}

// MARK: - Saying more of an operation

extension OperationDeclaration {
    private func with(_ change: (inout OperationDeclaration) -> Void) -> OperationDeclaration {
        var copy = self
        change(&copy)
        return copy
    }

    public func described(_ details: String) -> OperationDeclaration { self.with { $0.details = details } }

    /// Replaces the declaration of a path parameter that is not a plain id.
    public func path(_ fields: [Field]) -> OperationDeclaration { self.with { $0.path = fields } }
    public func query(_ fields: [Field]) -> OperationDeclaration { self.with { $0.query = fields } }
    public func body(_ fields: [Field]) -> OperationDeclaration { self.with { $0.body = .object(fields) } }
    public func mergePatch(_ fields: [Field]) -> OperationDeclaration { self.with { $0.body = .mergePatch(fields) } }

    public func rows(_ fields: [Field], countMax: Int) -> OperationDeclaration {
        self.with { $0.body = .rows(fields, countMax: countMax) }
    }

    public func answers(_ output: Output, status: Int = 200) -> OperationDeclaration {
        self.with {
            $0.output = output
            $0.status = status
            if case .stream = output { $0.isStream = true }
        }
    }

    public func answersNothing() -> OperationDeclaration { self.answers(.nothing, status: 204) }
    /// Refuses `Dry-Run`: what it does cannot be taken back, or would be no secret any more.
    public func notRehearsed() -> OperationDeclaration { self.with { $0.canRehearse = false } }
    /// Asks for a recent proof of who the person is, always or in the requests that are meant.
    public func stepUp(_ stepUp: StepUp = StepUp()) -> OperationDeclaration { self.with { $0.stepUp = stepUp } }
    /// Says what becomes of the caller's session, which browsers keep in cookies.
    public func session(_ effect: SessionEffect) -> OperationDeclaration { self.with { $0.session = effect } }
    public func idempotent(_ policy: Idempotency) -> OperationDeclaration { self.with { $0.idempotency = policy } }
    public func requiringIfMatch() -> OperationDeclaration { self.with { $0.requiresIfMatch = true } }
    public func faults(_ codes: Fault.Code...) -> OperationDeclaration { self.with { $0.faults = codes } }
    public func emits(_ events: String...) -> OperationDeclaration { self.with { $0.events = events } }
    public func emits(_ events: [String]) -> OperationDeclaration { self.with { $0.events = events } }
    public func calling(_ services: String...) -> OperationDeclaration { self.with { $0.calls = services } }
}

/// A typed operation: the value is the request, read from validated input.
public protocol Operation: Sendable {
    static var declaration: OperationDeclaration { get }
    init(_ input: Values) throws(Fault)
}
