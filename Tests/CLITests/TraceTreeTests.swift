internal import Contracts
internal import Testing

@testable internal import throughline

@Suite struct TraceTreeTests {
    private static func event(_ id: String, _ type: String, cause: String?) -> JSON {
        ["event_id": .string(id), "type": .string(type), "causation_id": cause.map { .string($0) } ?? .null]
    }

    @Test func `each event stands below its cause`() {
        let tree = TraceTree([
            "data": [
                Self.event("1", "contract.signed", cause: "a request"),
                Self.event("2", "engagement.activated", cause: "1"),
                Self.event("3", "invoice.paid", cause: nil),
                Self.event("4", "schedule.created", cause: "2"),
                Self.event("5", "project.created", cause: "1"),
            ]
        ])
        #expect(
            tree.lines == [
                "contract.signed", "├─ engagement.activated", "│  └─ schedule.created", "└─ project.created",
                "invoice.paid",
            ]
        )
        #expect(tree.holds(type: "invoice.paid"))
        #expect(!tree.holds(type: "invoice.voided"))
    }

    @Test func `an event that names itself as its cause is a root`() {
        #expect(TraceTree(["data": [Self.event("1", "x", cause: "1")]]).lines.count == 1)
    }
}
