internal import CRMDomain
internal import CRMService
internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

/// The order of deals within their stages.
@Suite struct DealBoardTests {
    private func deal(_ name: String, _ sale: Sale, stage: String = "lead") async throws -> String {
        sale.service.clock.advance(bySeconds: 1)
        return try await sale.id(of: "crm.deal.create/1", ["name": .string(name), "stage": .string(stage)])
    }

    private func board(_ stage: String, _ sale: Sale) async throws -> String {
        let page = try await sale.service.json("crm.deal.list/1", ["stage": stage, "sort": "position", "limit": "200"])
        return (page["data"]?.array ?? []).compactMap { $0["name"]?.string }.joined(separator: " ")
    }

    @Test func `a deal stands where it was dropped, and what comes into a stage is on top`() async throws {
        try await Sale.run { sale in
            var ids: [String: String] = [:]
            for name in ["a", "b", "c", "d"] { ids[name] = try await self.deal(name, sale) }
            #expect(try await self.board("lead", sale) == "d c b a")
            let drop: (String, JSONObject, String) async throws -> Void = { name, body, expected in
                _ = try await sale.act("deal.move", ids[name] ?? "", .object(body))
                #expect(try await self.board("lead", sale) == expected)
            }
            try await drop("a", ["after_id": .null], "a d c b")
            try await drop("a", ["after_id": .string(ids["c"] ?? "")], "d c a b")
            try await drop("d", ["after_id": .string(ids["b"] ?? "")], "c a b d")
            try await drop("c", [:], "c a b d")
            try await drop("b", ["stage": "lead", "after_id": .string(ids["c"] ?? "")], "c b a d")
            // Into the next stage, behind one that is there.
            _ = try await sale.act("deal.advance", ids["a"] ?? "", ["stage": "qualified"])
            try await drop("b", ["stage": "qualified", "after_id": .string(ids["a"] ?? "")], "c d")
            sale.service.clock.advance(bySeconds: 1)
            _ = try await sale.act("deal.advance", ids["d"] ?? "", ["stage": "qualified"])
            #expect(try await self.board("qualified", sale) == "d a b")
            let types = try await sale.service.events().map(\.type).filter { $0 != "deal.created" }
            #expect(types == Array(repeating: "deal.moved", count: 5) + Array(repeating: "deal.advanced", count: 3))
            let history = try await sale.service.json("crm.deal.history/1", ["id": ids["b"] ?? ""])["data"]?.array
            #expect(history?.map { $0["to_stage"] } == ["qualified"])
        }
    }

    @Test func `a move is refused where the deal cannot go`() async throws {
        try await Sale.run { sale in
            let (deal, other) = (try await self.deal("a", sale), try await self.deal("b", sale, stage: "proposal"))
            let refused: [(JSON, Fault.Code, String?)] = [
                (["stage": "negotiation"], .invalidTransition, nil), (["stage": "lost"], .validationFailed, "/stage"),
                (["after_id": .string(other)], .validationFailed, "/after_id"),
                (["after_id": .string(deal)], .validationFailed, "/after_id"),
                (["after_id": "0198d0c8-0000-7000-8000-000000000001"], .validationFailed, "/after_id"),
            ]
            for (body, code, pointer) in refused {
                let fault = await sale.service.refusal("crm.deal.move/1", ["id": deal], body: body)
                #expect(fault?.code == code, "\(body)")
                #expect(fault?.problems.first?.pointer == pointer, "\(body)")
            }
            #expect(await sale.service.refusal("crm.deal.move/1", ["id": deal], ifMatch: 7)?.code == .stale)
            let foreign = await sale.service.neighbour.refusal("crm.deal.move/1", ["id": deal])
            #expect(foreign?.code == .notFound)
        }
    }

    /// More than fit between two deals that came in the same millisecond, as those of a batch do.
    @Test func `there is always room between two deals`() async throws {
        try await Sale.run { sale in
            let rows: [JSON] = (0..<20).map { ["name": .string(String($0))] }
            let batch = try await sale.service.json("crm.deal.batch/1", body: ["mode": "atomic", "rows": .array(rows)])
            let ids = try (batch["results"]?.array ?? []).map { try #require($0["id"]?.string) }
            let first = try #require(try await self.board("lead", sale).split(separator: " ").first.flatMap { Int($0) })
            var expected = try await self.board("lead", sale).split(separator: " ").compactMap { Int($0) }
            // Each of the others goes right behind the first: the gap there is halved by each.
            for moved in 0..<20 where moved != first {
                _ = try await sale.act("deal.move", ids[moved], ["after_id": .string(ids[first])])
                expected.removeAll { $0 == moved }
                expected.insert(moved, at: 1)
            }
            #expect(try await self.board("lead", sale) == expected.map(String.init).joined(separator: " "))
        }
    }

    @Test func `who drop at the same place at once have their deals one behind the other`() async throws {
        try await Sale.run(connections: 8) { sale in
            let anchor = try await self.deal("anchor", sale)
            var ids: [String] = []
            for number in 0..<16 { ids.append(try await self.deal("m\(number)", sale)) }
            let below = try await self.deal("below", sale)
            _ = try await sale.act("deal.move", below, ["after_id": .string(anchor)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids {
                    group.addTask { _ = try await sale.act("deal.move", id, ["after_id": .string(anchor)]) }
                }
                try await group.waitForAll()
            }
            let names = try await self.board("lead", sale).split(separator: " ").map(String.init)
            #expect(names.first == "anchor")
            #expect(names.last == "below")
            #expect(Set(names).count == 18)
            let places = try await sale.service.rows("SELECT count(DISTINCT position) AS places FROM deal")
            #expect(try places[0].int("places") == 18)
        }
    }

    @Test(
        arguments: [
            (nil, nil, -8_192), (nil, -5_000, -8_192), (nil, -100_000, -102_048), (10, nil, 2_048_010), (10, 20, 15),
            (10, 12, 11), (10, 11, nil), (10, 10, nil), (-3, -1, -2),
        ] as [(Int64?, Int64?, Int64?)]
    )
    func `a place between two others`(above: Int64?, below: Int64?, expected: Int64?) {
        #expect(BoardPosition.between(above, below, at: Instant(microseconds: 4_999)) == expected)
    }
}
