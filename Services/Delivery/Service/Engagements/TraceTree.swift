internal import Contracts

/// The events of a story, each below the one that made it happen.
struct TraceTree: Sendable {
    /// How deep the tree is at most, so that every client can read it; what is caused further down stands beside its cause.
    static let levelsMax = 12

    /// Those that a request caused, or that an event outside of this story did.
    let roots: [JSON]

    /// Takes events in causal order: a cause before its effects.
    init(_ events: [JSON]) {
        var places: [String: Int] = [:]
        var parents: [Int?] = []
        var levels: [Int] = []
        for (index, event) in events.enumerated() {
            var parent = event["causation_id"]?.string.flatMap { places[$0] }
            if let cause = parent, levels[cause] == Self.levelsMax { parent = parents[cause] }
            parents.append(parent)
            levels.append(parent.map { levels[$0] + 1 } ?? 1)
            if let id = event["event_id"]?.string { places[id] = index }
        }
        // From the last to the first every event's effects are complete when the event itself is reached.
        var effects = [[JSON]](repeating: [], count: events.count)
        var roots: [JSON] = []
        for index in events.indices.reversed() {
            var node = events[index].object ?? JSONObject()
            node["effects"] = .array(effects[index].reversed())
            if let parent = parents[index] {
                effects[parent].append(.object(node))
            } else {
                roots.append(.object(node))
            }
        }
        self.roots = roots.reversed()
    }
}
