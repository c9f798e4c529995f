internal import Contracts

/// The events of a story as a tree of causes: each event stands below the one that made it happen.
struct TraceTree {
    private let events: [JSON]

    /// From the answer of `GET /v1/engagements/{id}/trace`.
    init(_ answer: JSON) {
        self.events = answer["data"]?.array ?? answer["events"]?.array ?? []
    }

    var count: Int { self.events.count }

    func holds(type: String) -> Bool {
        self.events.contains { $0["type"]?.string == type }
    }

    var lines: [String] {
        let known = Set(self.events.compactMap { TraceTree.id(of: $0) })
        var children: [String: [JSON]] = [:]
        var roots: [JSON] = []
        for event in self.events {
            // A cause that is a request, not an event of this trace, makes a root.
            if let cause = event["causation_id"]?.string, known.contains(cause), cause != TraceTree.id(of: event) {
                children[cause, default: []].append(event)
            } else {
                roots.append(event)
            }
        }
        var lines: [String] = []
        for root in roots {
            lines.append(TraceTree.text(of: root))
            TraceTree.append(below: root, of: children, prefix: "", to: &lines)
        }
        return lines
    }

    private static func append(
        below event: JSON,
        of children: [String: [JSON]],
        prefix: String,
        to lines: inout [String]
    ) {
        let own = TraceTree.id(of: event).flatMap { children[$0] } ?? []
        for (index, child) in own.enumerated() {
            let isLast = index == own.count - 1
            lines.append(prefix + (isLast ? "└─ " : "├─ ") + TraceTree.text(of: child))
            TraceTree.append(below: child, of: children, prefix: prefix + (isLast ? "   " : "│  "), to: &lines)
        }
    }

    private static func id(of event: JSON) -> String? {
        event["event_id"]?.string ?? event["id"]?.string
    }

    private static func text(of event: JSON) -> String {
        let type = event["type"]?.string ?? "?"
        // Of an instant only the time of day: a story rarely lasts longer.
        let time = event["occurred_at"]?.string.map {
            "  " + Terminal.styled(String($0.dropFirst(11).prefix(12)), .dim)
        }
        return Terminal.styled(type, .bold) + (time ?? "")
    }
}
