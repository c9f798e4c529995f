internal import CRMService
internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing

@Suite struct PipelineTests {
    @Test func sumsByCurrencyAndStage() async throws {
        try await Sale.run { sale in
            let company = try await sale.company()
            let rows: [JSON] = [
                ["name": "a", "stage": "won", "amount_minor": 1_000, "client_company_id": .string(company)],
                ["name": "b", "stage": "won", "amount_minor": 2_000, "client_company_id": .string(company)],
                ["name": "c", "stage": "lost", "amount_minor": 700, "lost_reason": "price"],
                ["name": "d", "amount_minor": 105],
                ["name": "e"],
                ["name": "f", "currency": "EUR", "stage": "proposal", "amount_minor": 333],
            ]
            let batch = try await sale.service.json("crm.deal.batch/1", body: ["mode": "atomic", "rows": .array(rows)])
            #expect(batch["created"] == 6)
            let pipeline = try await sale.service.json("crm.pipeline.get/1")
            let data = try #require(pipeline["data"]?.array)
            #expect(data.count == 12)
            let won = data.first { $0["currency"] == "USD" && $0["stage"] == "won" }
            #expect(won?["count"] == 2)
            #expect(won?["amount_minor"] == 3_000)
            #expect(won?["weighted_minor"] == 3_000)
            let lead = data.first { $0["currency"] == "USD" && $0["stage"] == "lead" }
            #expect(lead?["count"] == 2)
            // 10 % of 1.05 is 0.105, rounded half away from zero.
            #expect(lead?["weighted_minor"] == 11)
            #expect(data.first { $0["currency"] == "EUR" && $0["stage"] == "proposal" }?["weighted_minor"] == 167)
            let totals = try #require(pipeline["totals"]?.array?.first { $0["currency"] == "USD" })
            #expect(totals["won_minor"] == 3_000)
            #expect(totals["lost_minor"] == 700)
            #expect(totals["open_minor"] == 105)
            let foreign = try await sale.service.json("crm.pipeline.get/1", as: sale.service.stranger)
            #expect(foreign["data"] == [])
        }
    }

    @Test func tellsADealsHistory() async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company())
            for stage in ["qualified", "proposal"] {
                sale.service.clock.advance(bySeconds: 60)
                _ = try await sale.act("deal.advance", deal, ["stage": .string(stage)])
            }
            let history = try await sale.service.json("crm.deal.history/1", ["id": deal])
            #expect(history["data"]?.array?.map { $0["to_stage"] } == ["qualified", "proposal"])
            let first = history["data"]?.array?.first
            #expect(first?["entered_at"] == "2026-11-22T09:00:00.000000Z")
            #expect(first?["left_at"] == "2026-11-22T09:01:00.000000Z")
            #expect(first?["duration_seconds"] == 60)
            #expect(
                await sale.service.refusal("crm.deal.history/1", ["id": deal], as: sale.service.stranger)?.code
                    == .notFound
            )
        }
    }
}
