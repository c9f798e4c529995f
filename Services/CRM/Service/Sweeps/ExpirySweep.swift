internal import CRMDomain
internal import Contracts
internal import EventLog
internal import Postgres
public import Resources
public import ServiceKit
public import Vocabulary

/// Ends proposals and contracts whose last day is over, at each organization's own midnight.
///
/// Any number of processes may sweep at once: rows are locked without waiting, and what is expired is not found again.
public struct ExpirySweep: Sendable {
    /// The most rows that one transaction ends.
    static let pageMax: Int64 = 50
    /// Who acts where nobody does.
    public static let actorID = Identifier(high: 0, low: 0x6372_6d01)

    private let database: Database
    private let commands: Commands
    private let proposals: ProposalMoves
    private let contracts: ContractMoves
    private let watch: SweepWatch

    public init(_ persistence: Persistence, _ watch: SweepWatch) {
        self.watch = watch
        self.database = persistence.database
        self.commands = persistence.commands
        self.proposals = ProposalMoves(proposals: ResourceStore(.proposal), commands: persistence.commands)
        self.contracts = ContractMoves(contracts: ResourceStore(.contract), commands: persistence.commands)
    }

    /// Answers how many proposals and contracts it has ended. What is wrong with one organization does not keep the sweep from
    /// the others.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        try await SandboxTurns(self.database).sweep(at: now, self.sweep)
    }

    /// One turn of it.
    func sweep(_ turn: SweepTurn) async throws -> Int {
        let now = turn.now
        let (whose, sandbox) = turn.condition(2)
        // By the day that the easternmost zone has; whether the organization's own day is over is its own part.
        let organizations = try await self.database.read(
            .system,
            """
            SELECT o.organization_id, o.time_zone, min(due.last_on) AS last_on FROM (
                SELECT organization_id, valid_until AS last_on FROM proposal
                WHERE status IN ('sent', 'viewed') AND deleted_at IS NULL AND valid_until <= $1
                UNION ALL
                SELECT organization_id, sign_until FROM contract WHERE status = 'sent' AND sign_until <= $1
            ) AS due
            JOIN organization_ref AS o ON o.organization_id = due.organization_id
            """ + " WHERE " + whose + " GROUP BY o.organization_id, o.time_zone ORDER BY o.organization_id",
            [.date(Zone.utc.date(at: now))] + sandbox
        )
        var count = 0
        for row in organizations {
            let organization = try row.uuid("organization_id")
            count += try await self.watch.serve(organization) {
                let zone = try Zone(stored: try row.text("time_zone"))
                guard try row.date("last_on") < zone.date(at: now) else { return 0 }
                return try await self.pages(organization, zone, now, self.expireProposals)
                    + self.pages(organization, zone, now, self.expireContracts)
            }
        }
        return count
    }

    private typealias Page = @Sendable (Cause, Zone, borrowing Transaction) throws -> [EventRecord]

    /// Repeats a page until it is not full any more.
    private func pages(
        _ organization: Identifier,
        _ zone: Zone,
        _ now: Instant,
        _ page: @escaping Page
    ) async throws -> Int {
        var total = 0
        while true {
            let run = Identifier.next(at: now)
            let cause = Cause(
                actor: Actor(kind: .system, id: Self.actorID),
                organization: organization,
                causation: run,
                correlation: run,
                now: now
            )
            let count = try await self.database.transaction(.organization(organization)) { transaction in
                let events = try page(cause, zone, transaction)
                try self.commands.log.append(events, in: transaction)
                return events.count
            }
            total += count
            guard count == Self.pageMax else { return total }
        }
    }

    @Sendable private func expireProposals(
        _ cause: Cause,
        _ zone: Zone,
        _ transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let due = try self.proposals.proposals.rows(
            where:
                "status IN ('sent', 'viewed') AND valid_until < $2 ORDER BY valid_until, id LIMIT $3 FOR UPDATE SKIP LOCKED",
            [.date(zone.date(at: cause.now)), .int(Self.pageMax)],
            for: cause.organization,
            in: transaction
        )
        var events: [EventRecord] = []
        for stored in due {
            var proposal = try Proposal(stored)
            _ = try proposal.expire(at: cause.now, in: zone)
            let step = ProposalStep("expired", .statusChanged)
            events.append(try self.proposals.save(proposal, over: stored, step, because: cause, in: transaction).1)
        }
        return events
    }

    @Sendable private func expireContracts(
        _ cause: Cause,
        _ zone: Zone,
        _ transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let due = try self.contracts.contracts.rows(
            where: "status = 'sent' AND sign_until < $2 ORDER BY sign_until, id LIMIT $3 FOR UPDATE SKIP LOCKED",
            [.date(zone.date(at: cause.now)), .int(Self.pageMax)],
            for: cause.organization,
            in: transaction
        )
        var events: [EventRecord] = []
        for stored in due {
            var contract = try Contract(stored)
            guard case .expired(let voided) = try contract.expire() else { continue }
            if let voided {
                try SignaturePackets.close(voided, cause.organization, at: cause.now, transaction) {
                    packet throws(Rejection) in try packet.expire()
                }
            }
            var columns = contract.columns
            columns["closed_at"] = .instant(cause.now)
            events.append(
                try self.contracts.save(
                    columns,
                    over: stored,
                    "expired",
                    .statusChanged,
                    because: cause,
                    in: transaction
                ).1
            )
        }
        return events
    }
}
