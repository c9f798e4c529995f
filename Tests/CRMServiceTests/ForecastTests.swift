internal import CRMService
internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

/// What is expected, and what every figure of a report is the sum of.
@Suite struct ForecastTests {
    private func firm(_ sale: Sale) async throws {
        let company = try await sale.company()
        let (ada, bob) = try await (
            sale.service.member(in: crmHandlers()).description, sale.service.member(in: crmHandlers()).description
        )
        let rows: [JSONObject] = [
            ["expected_close_on": "2026-11-30", "stage": "proposal", "amount_minor": 333, "owner_id": .string(ada)],
            ["expected_close_on": "2026-11-01", "amount_minor": 105, "owner_id": .string(ada)],
            ["expected_close_on": "2026-11-30", "amount_minor": 1_000],
            ["expected_close_on": "2026-10-31", "amount_minor": 2_000, "owner_id": .string(bob)],
            ["amount_minor": 5_000], ["owner_id": .string(bob)],
            ["expected_close_on": "2027-04-30", "amount_minor": 7_000],
            ["expected_close_on": "2027-05-01", "amount_minor": 9_000],
            ["expected_close_on": "2027-01-31", "currency": "EUR", "amount_minor": 11_000],
            ["stage": "won", "amount_minor": 400, "closed_at": "2026-10-31T23:30:00Z"],
            ["stage": "won", "amount_minor": 500, "closed_at": "2026-10-31T22:30:00Z", "owner_id": .string(ada)],
            ["stage": "lost", "amount_minor": 600, "lost_reason": "price", "expected_close_on": "2026-11-30"],
        ]
        let deals = rows.enumerated().map { index, row in
            var row = row
            row["name"] = .string("D\(index)")
            row["client_company_id"] = .string(company)
            return JSON.object(row)
        }
        let batch = try await sale.service.json("crm.deal.batch/1", body: ["mode": "atomic", "rows": .array(deals)])
        #expect(batch["created"] == .int(Int64(rows.count)))
    }

    /// The deals that a link of a report leads to, all pages.
    private func follow(_ link: JSON?, _ sale: Sale) async throws -> [JSON] {
        let text = try #require(link?.string)
        var input = ["limit": "2"]
        for pair in try #require(text.split(separator: "?").last).split(separator: "&") {
            let parts = pair.split(separator: "=").map { part in
                [("%5B", "["), ("%5D", "]"), ("%3A", ":"), ("%2C", ",")].reduce(String(part)) {
                    $0.split(separator: $1.0, omittingEmptySubsequences: false).joined(separator: $1.1)
                }
            }
            input[parts[0]] = parts[1]
        }
        var deals: [JSON] = []
        repeat {
            let page = try await sale.service.json("crm.deal.list/1", input)
            deals += page["data"]?.array ?? []
            input["cursor"] = page["next_cursor"]?.string
        } while input["cursor"] != nil
        return deals
    }

    private func sum(_ deals: [JSON]) -> Int64 { deals.compactMap { $0["amount_minor"]?.int64 }.reduce(0, +) }

    @Test func `the forecast has each open deal once, by month and owner, in the organization's zone`() async throws {
        try await Sale.run(zone: #require(Zone("Europe/Berlin"))) { sale in
            try await self.firm(sale)
            let forecast = try await sale.service.json("crm.pipeline.forecast/1")
            #expect(forecast["from"] == "2026-11-01")
            #expect(forecast["until"] == "2027-04-30")
            let rows = try #require(forecast["data"]?.array)
            let lines = rows.map { row in
                let owner = row["owner_id"] == .null ? "nobody" : "somebody"
                return [
                    row["currency"]?.string ?? "", row["month"]?.string ?? row["period"]?.string ?? "", owner,
                    "\(row["open_count"]?.int64 ?? -1)", "\(row["open_minor"]?.int64 ?? -1)",
                    "\(row["weighted_minor"]?.int64 ?? -1)", "\(row["won_count"]?.int64 ?? -1)",
                    "\(row["won_minor"]?.int64 ?? -1)",
                ].joined(separator: " ")
            }
            #expect(
                lines == [
                    "EUR 2027-01-01 nobody 1 11000 1100 0 0",
                    "USD overdue somebody 1 2000 200 0 0",
                    // Half past midnight in Berlin, on the first of November; the other was an hour earlier.
                    "USD 2026-11-01 somebody 2 438 178 0 0",
                    "USD 2026-11-01 nobody 1 1000 100 1 400",
                    "USD 2027-04-01 nobody 1 7000 700 0 0",
                    "USD undated somebody 1 0 0 0 0",
                    "USD undated nobody 1 5000 500 0 0",
                ]
            )
            for row in rows {
                let open = try await self.follow(row["open_deals"], sale)
                #expect(Int64(open.count) == row["open_count"]?.int64, "\(row)")
                #expect(self.sum(open) == row["open_minor"]?.int64, "\(row)")
                guard row["won_deals"] != .null else { continue }
                let won = try await self.follow(row["won_deals"], sale)
                #expect(Int64(won.count) == row["won_count"]?.int64, "\(row)")
                #expect(self.sum(won) == row["won_minor"]?.int64, "\(row)")
            }
            let later = try await sale.service.json("crm.pipeline.forecast/1", ["from": "2027-05-09", "months": "1"])
            #expect(later["data"]?.array?.contains { $0["month"] == "2027-05-01" && $0["open_minor"] == 9_000 } == true)
            let foreign = try await sale.service.json("crm.pipeline.forecast/1", as: sale.service.stranger)
            #expect(foreign["data"] == [])
        }
    }

    @Test func `every figure of the pipeline leads to exactly its deals`() async throws {
        try await Sale.run { sale in
            try await self.firm(sale)
            let pipeline = try await sale.service.json("crm.pipeline.get/1")
            for row in pipeline["data"]?.array ?? [] {
                let deals = try await self.follow(row["deals"], sale)
                #expect(Int64(deals.count) == row["count"]?.int64, "\(row)")
                #expect(self.sum(deals) == row["amount_minor"]?.int64, "\(row)")
            }
            for total in try #require(pipeline["totals"]?.array) {
                let (all, open) = (
                    try await self.follow(total["deals"], sale), try await self.follow(total["open_deals"], sale)
                )
                #expect(self.sum(all) == total["amount_minor"]?.int64)
                #expect(self.sum(open) == total["open_minor"]?.int64)
                #expect(Int64(open.count) == total["open_count"]?.int64)
            }
        }
    }

    @Test func `what was lost is told by its reasons`() async throws {
        try await Sale.run { sale in
            try await self.firm(sale)
            let company = try await sale.company()
            for (reason, note) in [("price", "Too dear"), ("timing", "Next year"), ("other", "They moved")] {
                let deal = try await sale.deal(company)
                _ = try await sale.act("deal.lose", deal, ["lost_reason": .string(reason), "note": .string(note)])
            }
            let report = try await sale.service.json("crm.pipeline.lost_reasons/1")
            let rows = try #require(report["data"]?.array)
            #expect(rows.map { $0["lost_reason"] } == ["price", "other", "timing"])
            #expect(rows.map { $0["count"] } == [2, 1, 1])
            #expect(rows.map { $0["amount_minor"] } == [500_600, 500_000, 500_000])
            for row in rows {
                let deals = try await self.follow(row["deals"], sale)
                #expect(self.sum(deals) == row["amount_minor"]?.int64)
            }
            let before = try await sale.service.json("crm.pipeline.lost_reasons/1", ["until": "2026-11-21"])
            #expect(before["data"] == [])
            let foreign = try await sale.service.json("crm.pipeline.lost_reasons/1", as: sale.service.stranger)
            #expect(foreign["data"] == [])
        }
    }

    @Test func `stages tell how long deals stayed and where they went`() async throws {
        try await Sale.run { sale in
            let company = try await sale.company()
            for (seconds, verb, body) in [
                (100, "deal.advance", ["stage": "qualified"]), (200, "deal.advance", ["stage": "qualified"]),
                (900, "deal.lose", ["lost_reason": "price"]),
            ] as [(Int64, String, JSON)] {
                let deal = try await sale.deal(company)
                sale.service.clock.advance(bySeconds: seconds)
                _ = try await sale.act(verb, deal, body)
                if verb == "deal.advance", seconds == 200 {
                    _ = try await sale.act("deal.advance", deal, ["stage": "lead"])
                }
            }
            let report = try await sale.service.json("crm.pipeline.stages/1")
            #expect(report["from"] == "2026-08-24")
            #expect(report["until"] == "2026-11-22")
            let rows = try #require(report["data"]?.array)
            #expect(rows.map { $0["stage"] } == ["lead", "qualified", "proposal", "negotiation"])
            let lead: JSON = [
                "stage": "lead", "left_count": 3, "advanced_count": 2, "returned_count": 0, "lost_count": 1,
                "average_seconds": 400, "median_seconds": 200,
            ]
            #expect(rows[0] == lead)
            #expect(rows[1]["returned_count"] == 1)
            #expect(rows[2]["average_seconds"] == .null)
            let before = try await sale.service.json("crm.pipeline.stages/1", ["until": "2026-11-21"])
            #expect(before["data"]?.array?.first?["left_count"] == 0)
            let fault = await sale.service.refusal(
                "crm.pipeline.stages/1",
                ["from": "2026-11-22", "until": "2026-11-21"]
            )
            #expect(fault?.problems.map(\.code) == ["order"])
            let foreign = try await sale.service.json("crm.pipeline.stages/1", as: sale.service.stranger)
            #expect(foreign["data"]?.array?.first?["left_count"] == 0)
        }
    }
}
