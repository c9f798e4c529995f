internal import Contracts
internal import Vocabulary

/// One operation as a service's catalog describes it: what the gateway needs to route, check and document it.
struct CatalogOperation: Hashable, Sendable {
    /// The form of a successful answer.
    enum Response: Hashable, Sendable {
        case nothing
        /// One object of the named schema.
        case object(String)
        case page(String)
        /// Server-sent events whose data are objects of the named schema.
        case stream(String)
    }

    struct Request: Hashable, Sendable {
        let contentType: String
        let schema: JSON
    }

    let name: String
    let version: Int
    let summary: String
    let description: String
    /// `nil` for an operation between processes.
    let route: Route?
    let access: Access
    /// As OpenAPI writes them.
    let parameters: [JSON]
    let request: Request?
    let status: Int
    let response: Response
    let idempotency: OperationDeclaration.Idempotency
    let canRehearse: Bool
    /// What a recent sign-in is needed for, as the catalog says it: the service itself decides.
    let stepUp: JSON?
    /// What it does to the session that a browser holds in cookies.
    let session: SessionEffect?
    let requiresIfMatch: Bool
    let isStream: Bool
    let faults: [Fault.Code]
    let events: [String]
    /// Other services that the handler asks on the caller's behalf.
    let calls: [String]

    var wireName: String { "\(self.name)/\(self.version)" }

    func hasParameter(_ name: String, in place: String) -> Bool {
        self.parameters.contains { $0["name"]?.string == name && $0["in"]?.string == place }
    }
}

// MARK: - Reading

extension CatalogOperation {
    /// Why an entry of a catalog cannot be served. It costs only that entry.
    struct Refusal: Error, Hashable, Sendable {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// Reads an entry. What this gateway does not understand of it, and could get wrong, is refused: an access rule it
    /// has never heard of must not become no rule.
    init(_ entry: JSON) throws(Refusal) {
        guard let name = entry["name"]?.string, let version = entry["version"]?.int64,
            let number = Int(exactly: version)
        else { throw Refusal("an operation has no name or version") }
        self.name = name
        self.version = number
        self.summary = entry["summary"]?.string ?? ""
        self.description = entry["description"]?.string ?? ""
        self.route = try Self.route(entry)
        self.access = try Self.access(entry["access"])
        self.parameters = entry["parameters"]?.array ?? []
        self.request = try Self.request(entry["request"])
        self.status = Self.status(entry["response"])
        self.response = try Self.response(entry["response"])
        guard let idempotency = entry["idempotency"]?.string.flatMap(OperationDeclaration.Idempotency.init) else {
            throw Refusal("its idempotency is unknown")
        }
        self.idempotency = idempotency
        self.canRehearse = entry["dry_run"]?.bool ?? true
        self.stepUp = entry["step_up"]
        self.session = try Self.session(entry["session"])
        self.requiresIfMatch = entry["if_match"]?.bool ?? false
        self.isStream = entry["stream"]?.bool ?? false
        self.faults = Self.texts(entry["faults"]).map(Fault.Code.init(rawValue:))
        self.events = Self.texts(entry["events"])
        self.calls = Self.texts(entry["calls"])
    }

    private static func route(_ entry: JSON) throws(Refusal) -> Route? {
        guard let template = entry["path"]?.string else { return nil }
        guard let method = entry["method"]?.string.flatMap(Route.Method.init) else {
            throw Refusal("its method is unknown")
        }
        return Route(method, template)
    }

    private static func access(_ entry: JSON?) throws(Refusal) -> Access {
        let scope = entry?["scope"]?.string
        switch entry?["rule"]?.string {
        case "open": return Access(.open, scope: scope)
        case "any_member": return Access(.anyMember, scope: scope)
        case "peers": return Access(.peers, scope: scope)
        case "role":
            guard let role = entry?["role"]?.string.flatMap(Role.init) else { throw Refusal("its role is unknown") }
            return Access(.role(role), scope: scope)
        default: throw Refusal("its access rule is unknown")
        }
    }

    private static func session(_ entry: JSON?) throws(Refusal) -> SessionEffect? {
        guard let entry else { return nil }
        guard let effect = entry.string.flatMap(SessionEffect.init) else {
            throw Refusal("what it does to a session is unknown")
        }
        return effect
    }

    private static func request(_ entry: JSON?) throws(Refusal) -> Request? {
        guard let entry else { return nil }
        guard let contentType = entry["content_type"]?.string, let schema = entry["schema"] else {
            throw Refusal("its request has no content type or schema")
        }
        return Request(contentType: contentType, schema: schema)
    }

    private static func status(_ entry: JSON?) -> Int {
        entry?["status"]?.int64.flatMap { Int(exactly: $0) } ?? 200
    }

    private static func response(_ entry: JSON?) throws(Refusal) -> Response {
        let schema = entry?["schema"]?.string
        switch (entry?["kind"]?.string, schema) {
        case ("nothing", _): return .nothing
        case ("object", let schema?): return .object(schema)
        case ("page", let schema?): return .page(schema)
        case ("stream", let schema?): return .stream(schema)
        default: throw Refusal("its response is unknown")
        }
    }

    private static func texts(_ list: JSON?) -> [String] { (list?.array ?? []).compactMap(\.string) }
}
