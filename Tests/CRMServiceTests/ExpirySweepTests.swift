internal import Contracts
internal import Postgres
internal import Resources
internal import Telemetry
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import CRMService

@Suite struct ExpirySweepTests {
    /// An organization's offer that ends with the 23rd, in UTC.
    private static func offer(_ sale: Sale) async throws -> String {
        try await sale.service.receive(
            "organization.created",
            from: "identity",
            payload: ["data": ["time_zone": "UTC", "currency": "EUR"]],
            crmHandlers()
        )
        let deal = try await sale.deal(try await sale.company())
        let lastDay = try #require(LocalDate("2026-11-23"))
        let id = try await sale.proposal(deal: deal, validUntil: lastDay).id()
        _ = try await sale.act("proposal.send", id)
        return id
    }

    @Test func aSandboxIsSweptAtItsOwnTime() async throws {
        try await Sale.run { sale in
            let other = Sale(service: sale.service.neighbour)
            let (late, next) = (try await Self.offer(sale), try await Self.offer(other))
            let data: JSON = ["time_zone": "UTC", "currency": "EUR", "clock_ahead_seconds": .int(86_400 * 7)]
            try await sale.service.receive(
                "organization.updated",
                from: "identity",
                version: 2,
                payload: ["data": data],
                crmHandlers()
            )
            let sweep = sale.expirySweep()
            let now = sale.service.clock.now
            #expect(try await SandboxTurns(sale.service.database).follow(at: now, sweep.sweep) == 1)
            #expect(try await SandboxTurns(sale.service.database).follow(at: now, sweep.sweep) == 0)
            #expect(try await sale.service.json("crm.proposal.get/1", ["id": late])["status"] == "expired")
            #expect(try await other.service.json("crm.proposal.get/1", ["id": next])["status"] == "sent")
        }
    }

    @Test func anOrganizationThatFailsDoesNotKeepTheOthersFromTheirTurn() async throws {
        try await Sale.run { sale in
            let both = [sale, Sale(service: sale.service.neighbour)].sorted {
                $0.service.organization < $1.service.organization
            }
            let (first, second) = (both[0], both[1])
            let (late, next) = (try await Self.offer(first), try await Self.offer(second))
            let organization = first.service.organization
            let zone: @Sendable (String) async throws -> Void = { name in
                try await sale.service.database.transaction(.organization(organization)) { transaction in
                    try transaction.queue(
                        "UPDATE organization_ref SET time_zone = $2 WHERE organization_id = $1",
                        [.uuid(organization), .text(name)]
                    )
                }
            }
            try await zone("Mars/Olympus")
            let metrics = ServiceMetrics()
            let sweep = sale.expirySweep(metrics)
            let midnight = try #require(Instant("2026-11-24T00:00:00Z"))
            #expect(try await sweep.sweep(now: midnight) == 1)
            #expect(metrics.sweepFailures.with("expiry").value == 1)
            let expired = try await second.service.json("crm.proposal.get/1", ["id": next])
            #expect(expired["status"] == "expired")
            #expect(try await first.service.json("crm.proposal.get/1", ["id": late])["status"] == "sent")
            try await zone("UTC")
            #expect(try await sweep.sweep(now: midnight) == 1)
            #expect(metrics.sweepFailures.with("expiry").value == 1)
        }
    }
}
