internal import Contracts
internal import Telemetry

/// All routes that the services' catalogs amount to. Immutable: a changed catalog makes a new table.
final class RouteTable: Sendable {
    enum Match: Sendable {
        case found(RoutedOperation, [CallParameter])
        /// The path exists for other methods.
        case otherMethods([String])
        /// The path belongs to a service that this gateway has not met yet.
        case notMet(service: String)
        case none
        /// A segment is not percent-encoded UTF-8.
        case malformed
    }

    private let trie: RouteTrie
    let operations: [RoutedOperation]
    let catalogs: [ServiceCatalog]
    /// What services claimed and did not get, and why.
    let refusals: [String]
    private let met: Set<String>

    static func empty(_ metrics: ServiceMetrics) -> RouteTable { RouteTable([], metrics: metrics) }

    /// - Parameter catalogs: in the order that decides who was first.
    init(_ catalogs: [ServiceCatalog], metrics: ServiceMetrics) {
        var claims = RouteClaims(metrics: metrics)
        for catalog in catalogs { claims.add(catalog) }
        self.trie = claims.trie
        self.operations = claims.operations
        self.refusals = claims.refusals
        self.catalogs = catalogs
        self.met = Set(catalogs.map(\.service))
    }

    /// - Parameter path: as it was sent, without the query.
    func match(method: String, path: Substring) -> Match {
        // A HEAD is a GET whose body the transport leaves out.
        let method = method == "HEAD" ? .get : Route.Method(rawValue: method)
        switch self.trie.match(method, path) {
        case .found(let operation, let values):
            var parameters: [CallParameter] = []
            parameters.reserveCapacity(values.count + 2)
            for (name, value) in zip(operation.pathParameters, values) {
                guard let decoded = PercentDecoding.decode(value, plusIsSpace: false) else { return .malformed }
                parameters.append(CallParameter(name: name, value: decoded))
            }
            return .found(operation, parameters)
        case .otherMethods(let methods):
            return .otherMethods(Self.names(of: methods))
        case .none:
            let segments = path.split(separator: "/", maxSplits: 2)
            guard segments.count > 1, let owner = PathOwnership.owner(of: segments[1]), !self.met.contains(owner) else {
                return .none
            }
            return .notMet(service: owner)
        }
    }

    /// The methods of a path, for `Allow` and preflights; empty where there is no such path.
    func methods(of path: Substring) -> [String] {
        guard case .otherMethods(let methods) = self.trie.match(nil, path) else { return [] }
        return Self.names(of: methods)
    }

    private static func names(of methods: Set<Route.Method>) -> [String] {
        var names = Route.Method.allCases.filter(methods.contains).map(\.rawValue)
        if methods.contains(.get) { names.append("HEAD") }
        return names + ["OPTIONS"]
    }
}

/// Decides who gets which route while a table is made.
private struct RouteClaims {
    let metrics: ServiceMetrics
    var trie = RouteTrie()
    var operations: [RoutedOperation] = []
    var refusals: [String] = []
    /// Who took a segment that is not reserved.
    private var owners: [String: String] = [:]

    init(metrics: ServiceMetrics) { self.metrics = metrics }

    mutating func add(_ catalog: ServiceCatalog) {
        self.refusals += catalog.refusals.map { "\(catalog.service): \($0)" }
        // The newest version of an operation gets the route, where versions share one.
        let operations = catalog.operations.sorted { ($0.name, $1.version) < ($1.name, $0.version) }
        for operation in operations {
            guard let route = operation.route, operation.access.rule != .peers else { continue }
            if let reason = self.objection(to: operation, route, of: catalog.service) {
                self.refusals.append("\(catalog.service): \(operation.wireName): \(reason)")
                continue
            }
            let routed = RoutedOperation(operation, service: catalog.service, route: route, metrics: self.metrics)
            guard let existing = self.trie.insert(routed) else {
                self.operations.append(routed)
                continue
            }
            let isOlder = existing.wireName.prefix { $0 != "/" } == routed.wireName.prefix { $0 != "/" }
            if isOlder { continue }
            self.refusals.append(
                "\(catalog.service): \(operation.wireName): \(route.method.rawValue) \(route.template) is taken by \(existing.wireName)"
            )
        }
    }

    /// Why a service may not have this route; taking an unreserved segment is noted on the way.
    private mutating func objection(to operation: CatalogOperation, _ route: Route, of service: String) -> String? {
        guard operation.name.hasPrefix("\(service).") else { return "the name does not belong to \(service)" }
        let segments = route.template.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 3, segments[0].isEmpty, Self.isVersion(segments[1]), !segments.dropFirst().contains("")
        else {
            return "\(route.template) is not of the form /v1/things"
        }
        let first = String(segments[2])
        guard !first.hasPrefix("{") else { return "\(route.template) would take every path" }
        let declared = Set(operation.parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.string })
        guard declared == Set(route.parameters), declared.count == route.parameters.count else {
            return "\(route.template) and the declared path parameters differ"
        }
        if let owner = PathOwnership.owner(of: first) ?? self.owners[first], owner != service {
            return "/\(segments[1])/\(first) belongs to \(owner)"
        }
        self.owners[first] = service
        return nil
    }

    private static func isVersion(_ segment: Substring) -> Bool {
        segment.first == "v" && segment.count > 1 && segment.dropFirst().allSatisfy { ("0"..."9").contains($0) }
    }
}
