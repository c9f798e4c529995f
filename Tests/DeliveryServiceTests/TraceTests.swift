internal import Contracts
internal import ServiceKit
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import DeliveryService

@Suite struct TraceTests {
    private static func event(_ id: String, _ type: String, because cause: String) -> JSON {
        ["event_id": .string(id), "type": .string(type), "causation_id": .string(cause)]
    }

    private static let story = [
        Self.event("1", "contract.signed", because: "request"), Self.event("2", "engagement.created", because: "1"),
        Self.event("3", "engagement.activated", because: "2"), Self.event("4", "project.created", because: "2"),
        Self.event("5", "invoice.created", because: "3"), Self.event("6", "invoice.sent", because: "another request"),
    ]

    @Test func tellsTheStoryOfTheEngagementsContract() async throws {
        let peers = PeerCalls { operation, parameters, _ throws(Fault) in
            #expect(operation == "timeline.activity.trace/1")
            return ["data": .array(Self.story), "has_more": true, "asked": .string(parameters.first?.value ?? "")]
        }
        try await World.run(peers: peers) { world in
            let contract = world.contract()
            let id = try #require(try await world.receive(contract).first).aggregateID.description
            let trace = try await world.service.json("delivery.engagement.trace/1", ["id": id])
            #expect(trace["correlation_id"] == .string(contract.correlation.description))
            #expect(trace["data"] == .array(Self.story))
            #expect(trace["has_more"] == true)
            let roots = try #require(trace["tree"]?.array)
            #expect(roots.map { $0["type"] } == ["contract.signed", "invoice.sent"])
            let engagement = try #require(roots.first?["effects"]?.array?.first)
            #expect(engagement["effects"]?.array?.map { $0["type"] } == ["engagement.activated", "project.created"])
            #expect(engagement["effects"]?.array?.first?["effects"]?.array?.map { $0["type"] } == ["invoice.created"])
        }
    }

    @Test(arguments: [true, false])
    func saysWhereTheStoryIsLonger(hasMore: Bool) async throws {
        let peers = PeerCalls { _, _, _ throws(Fault) in ["data": .array(Self.story), "has_more": .bool(hasMore)] }
        try await World.run(peers: peers) { world in
            let id = try await world.engagement()
            let trace = try await world.service.json("delivery.engagement.trace/1", ["id": id])
            #expect(trace["has_more"] == .bool(hasMore))
        }
    }

    @Test func withoutATimelineThereIsNoTrace() async throws {
        try await World.run { world in
            let fault = await world.refusal("engagement.trace", try await world.engagement())
            #expect(fault?.code == .unavailable)
        }
    }

    @Test func asksWithTheCallersAssertion() async throws {
        let peers = PeerCalls { _, _, context throws(Fault) in
            #expect(context.assertion == "signed")
            return ["data": []]
        }
        try await World.run(peers: peers) { world in
            let id = try await world.engagement()
            _ = try await world.service.call("delivery.engagement.trace/1", ["id": id]) { $0.assertion = "signed" }
        }
    }

    @Test func aLongChainOfCausesStaysReadable() {
        let chain = (1...1_000).map { Self.event("\($0)", "x", because: "\($0 - 1)") }
        var level = TraceTree(chain).roots
        var (depth, count) = (0, 0)
        while !level.isEmpty {
            depth += 1
            count += level.count
            level = level.flatMap { $0["effects"]?.array ?? [] }
        }
        #expect(depth == TraceTree.levelsMax)
        #expect(count == 1_000)
    }

    @Test func aCauseThatIsNotInTheStoryMakesARoot() {
        #expect(TraceTree([]).roots.isEmpty)
        let itself = TraceTree([Self.event("1", "x", because: "1")])
        #expect(itself.roots.count == 1)
        let later = TraceTree([Self.event("1", "x", because: "2"), Self.event("2", "y", because: "0")])
        #expect(later.roots.map { $0["type"] } == ["x", "y"])
    }
}
