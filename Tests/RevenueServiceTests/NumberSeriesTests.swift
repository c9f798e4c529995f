internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct NumberSeriesTests {
    @Test func twentyAtOnceLeaveNoGap() async throws {
        try await Fixture.run(connections: 8) { fixture in
            var ids: [String] = []
            for index in 0..<24 {
                // Every sixth has no line, so that its finalization fails after others have taken numbers.
                ids.append(try await fixture.draft(index % 6 == 5 ? [] : [Fixture.line(1_000)]).text("id"))
            }
            let numbers = await withTaskGroup(of: String?.self) { group in
                for id in ids { group.addTask { try? await fixture.move("finalize", id)["number"]?.string } }
                return await group.reduce(into: [String]()) { numbers, number in
                    if let number { numbers.append(number) }
                }
            }
            #expect(numbers.count == 20)
            #expect(Set(numbers) == Set((1...20).map { "INV-2026-000\($0 < 10 ? "0" : "")\($0)" }))
            let series = try #require(try await fixture.service.json("revenue.number_series.list/1").list("data").first)
            #expect(series["last_number"] == 20)
            let proof = try await fixture.service.json("revenue.number_series.proof/1", ["id": try series.text("id")])
            #expect(proof["count"] == 20)
            #expect(proof["first"] == 1)
            #expect(proof["last"] == 20)
            #expect(proof["missing"] == .array([]))
            #expect(proof["is_gapless"] == true)
        }
    }

    @Test func aDryRunGivesItsNumberBackAndAYearBeginsAgain() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.draft([Fixture.line(1_000)]).text("id")
            let dry = try await fixture.service.call("revenue.invoice.finalize/1", ["id": id], key: "dry") {
                $0.isDryRun = true
            }
            #expect(try JSON(parsing: dry.body)["result"]?["number"] == "INV-2026-00001")
            #expect(try await fixture.invoice(id)["status"] == "draft")
            #expect(try await fixture.move("finalize", id)["number"] == "INV-2026-00001")
            let next = try await fixture.draft([Fixture.line(1_000)]).text("id")
            #expect(try await fixture.move("finalize", next, ["issue_on": "2027-01-04"])["number"] == "INV-2027-00001")
        }
    }

    @Test func theProofFindsWhatIsMissing() async throws {
        try await Fixture.run { fixture in
            for _ in 0..<3 { _ = try await fixture.finalized(100) }
            try await fixture.service.clone.execute("DELETE FROM invoice WHERE number_value = 2")
            let series = try #require(try await fixture.service.json("revenue.number_series.list/1").list("data").first)
            let proof = try await fixture.service.json("revenue.number_series.proof/1", ["id": try series.text("id")])
            #expect(proof["missing"] == [2])
            #expect(proof["is_gapless"] == false)
        }
    }

    @Test func `numbers are written as the organization wants them from then on, and the count goes on`() async throws {
        try await Fixture.run { fixture in
            func finalized() async throws -> String {
                try await fixture.move("finalize", try await fixture.draft([Fixture.line(1_000)]).text("id")).text(
                    "number"
                )
            }
            func wanting(_ pattern: JSON, version: Int64) async throws {
                try await fixture.tell(
                    "organization.updated",
                    "identity",
                    fixture.service.organization,
                    ["name": "Firm", "time_zone": "UTC", "number_formats": ["invoice": pattern]],
                    version: version
                )
            }
            #expect(try await finalized() == "INV-2026-00001")
            try await wanting("R{year}/{number:3}", version: 2)
            #expect(try await finalized() == "R2026/002")
            // What cannot be read counts as nothing said.
            try await wanting("R{month}", version: 3)
            #expect(try await finalized() == "INV-2026-00003")
            let series = try #require(try await fixture.service.json("revenue.number_series.list/1").list("data").first)
            let proof = try await fixture.service.json("revenue.number_series.proof/1", ["id": try series.text("id")])
            #expect(proof["is_gapless"] == true && proof["count"] == 3)
        }
    }
}
