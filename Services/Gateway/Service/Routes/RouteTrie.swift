internal import Contracts

/// Routes by the segments of their paths. A literal segment goes before a parameter, as OpenAPI matches paths; where it leads to no
/// path at all, the parameter is tried.
struct RouteTrie: Sendable {
    private struct Node: Sendable {
        var literals: [Substring: Int] = [:]
        var parameter: Int?
        var operations: [Route.Method: RoutedOperation] = [:]
    }

    enum Match: Sendable {
        /// The operation, and the values of its path parameters, not decoded, in the order of the template.
        case found(RoutedOperation, [Substring])
        /// The path exists, for these methods only.
        case otherMethods(Set<Route.Method>)
        case none
    }

    private var nodes = [Node()]

    /// - Returns: the operation that is there already, which then stays.
    mutating func insert(_ operation: RoutedOperation) -> RoutedOperation? {
        var node = 0
        for segment in Self.segments(of: operation.route.template[...]) {
            node = segment.first == "{" ? self.parameter(below: node) : self.literal(segment, below: node)
        }
        if let existing = self.nodes[node].operations[operation.route.method] { return existing }
        self.nodes[node].operations[operation.route.method] = operation
        return nil
    }

    func match(_ method: Route.Method?, _ path: Substring) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .none }
        let segments = Self.segments(of: path)
        var walk = Walk(method: method, segments: segments)
        guard let operation = self.walk(&walk, from: 0, at: 0) else {
            return walk.others.isEmpty ? .none : .otherMethods(walk.others)
        }
        return .found(operation, walk.values)
    }

    private struct Walk {
        let method: Route.Method?
        let segments: [Substring]
        var values: [Substring] = []
        var others: Set<Route.Method> = []
    }

    private func walk(_ walk: inout Walk, from node: Int, at index: Int) -> RoutedOperation? {
        guard index < walk.segments.count else {
            let operations = self.nodes[node].operations
            if let method = walk.method, let operation = operations[method] { return operation }
            walk.others.formUnion(operations.keys)
            return nil
        }
        let segment = walk.segments[index]
        if let next = self.nodes[node].literals[segment], let found = self.walk(&walk, from: next, at: index + 1) {
            return found
        }
        // There is such a path, for other methods: `DELETE /v1/deals/batch` does not mean a deal of that name.
        guard walk.others.isEmpty else { return nil }
        guard let next = self.nodes[node].parameter, !segment.isEmpty else { return nil }
        walk.values.append(segment)
        if let found = self.walk(&walk, from: next, at: index + 1) { return found }
        walk.values.removeLast()
        return nil
    }

    private mutating func literal(_ segment: Substring, below node: Int) -> Int {
        if let next = self.nodes[node].literals[segment] { return next }
        self.nodes.append(Node())
        self.nodes[node].literals[segment] = self.nodes.count - 1
        return self.nodes.count - 1
    }

    private mutating func parameter(below node: Int) -> Int {
        if let next = self.nodes[node].parameter { return next }
        self.nodes.append(Node())
        self.nodes[node].parameter = self.nodes.count - 1
        return self.nodes.count - 1
    }

    /// What lies between the slashes; an empty segment is kept, because `/v1//deals` is another path.
    static func segments(of path: Substring) -> [Substring] {
        var path = path
        // Over bytes: characters cost ten times as much, and a slash is one byte wherever it stands.
        let slashes = path.withUTF8 { bytes in bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") } }
        let utf8 = path.utf8
        var segments: [Substring] = []
        segments.reserveCapacity(slashes.count)
        for (number, slash) in slashes.enumerated() {
            let end = number + 1 < slashes.count ? slashes[number + 1] : utf8.count
            let start = utf8.index(utf8.startIndex, offsetBy: slash + 1)
            segments.append(path[start..<utf8.index(utf8.startIndex, offsetBy: end)])
        }
        return segments
    }
}
