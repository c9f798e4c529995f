public import Vocabulary

/// What waits for what. It holds no cycle: something that waits for itself never begins.
public struct DependencyGraph<Node: Hashable & Sendable>: Hashable, Sendable {
    private var dependencies: [Node: Set<Node>] = [:]

    /// How many edges one project may have.
    public static var edgesMax: Int { 10_000 }

    public init() {}

    /// Builds a graph of pairs, each of which says that `task` waits for `dependency`.
    public init(_ edges: some Sequence<(task: Node, dependency: Node)>) throws(Rejection) {
        for edge in edges {
            try self.add(edge.task, dependsOn: edge.dependency)
        }
    }

    /// Restores stored edges, which were checked when they were made; it enforces no rule.
    public init(restoring edges: some Sequence<(task: Node, dependency: Node)>) {
        for edge in edges where self.dependencies[edge.task, default: []].insert(edge.dependency).inserted {
            self.edgeCount += 1
        }
    }

    public private(set) var edgeCount = 0

    public func dependencies(of task: Node) -> Set<Node> {
        self.dependencies[task] ?? []
    }

    /// Lets `task` wait for `dependency`, unless that closes a cycle.
    public mutating func add(_ task: Node, dependsOn dependency: Node) throws(Rejection) {
        guard task != dependency else {
            throw .invalid("/depends_on", code: "cycle", "A task does not depend on itself.")
        }
        guard self.edgeCount < Self.edgesMax else {
            throw .invalid("/depends_on", code: "too_many", "There are at most \(Self.edgesMax) dependencies.")
        }
        guard !self.reaches(from: dependency, task) else {
            throw .invalid("/depends_on", code: "cycle", "The tasks would wait for each other.")
        }
        if self.dependencies[task, default: []].insert(dependency).inserted { self.edgeCount += 1 }
    }

    public mutating func remove(_ task: Node, dependsOn dependency: Node) {
        if self.dependencies[task]?.remove(dependency) != nil { self.edgeCount -= 1 }
    }

    /// Whether `start` waits for `target`, at once or through others. Iterative, so that depth costs no stack.
    public func reaches(from start: Node, _ target: Node) -> Bool {
        var seen: Set<Node> = [start]
        var stack = [start]
        while let node = stack.popLast() {
            if node == target { return true }
            for next in self.dependencies(of: node) where seen.insert(next).inserted {
                stack.append(next)
            }
        }
        return false
    }
}
