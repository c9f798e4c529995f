internal import Contracts
internal import EventLog
public import Postgres
public import Vocabulary

/// Whose turn it is in a sweep, and what time it is there.
public struct SweepTurn: Hashable, Sendable {
    /// One sandbox whose clock is ahead; `nil`: all organizations that go by the machines' time.
    public let sandbox: Identifier?
    public let now: Instant
    let aheadSeconds: Int64

    /// All that go by the machines' time.
    public static func everybody(at now: Instant) -> SweepTurn {
        SweepTurn(sandbox: nil, now: now, aheadSeconds: 0)
    }

    /// Leaves the rows whose turn it is: of the local copy of organizations, which the statement calls `o`.
    ///
    /// - Parameter number: the first parameter that is free.
    public func condition(_ number: Int) -> (sql: SQL, bindings: [SQLValue]) {
        guard let sandbox else { return ("coalesce(o.clock_ahead_seconds, 0) = 0", []) }
        return ("o.organization_id = " + SQL.parameter(number), [.uuid(sandbox)])
    }
}

/// The turns of a service's sweeps, by its copy of the organizations (`organization_ref`): everybody's, and one for each sandbox whose
/// clock is ahead.
public struct SandboxTurns: Sendable {
    /// How often it is looked whether a clock was put forward.
    public static let interval: Duration = .seconds(1)

    private let database: Database

    public init(_ database: Database) { self.database = database }

    /// Gives everybody's turn and each sandbox's to `sweep`; answers what it answers, in all.
    public func sweep(at now: Instant, _ sweep: (SweepTurn) async throws -> Int) async throws -> Int {
        var count = 0
        for turn in try await self.all(at: now) { count += try await sweep(turn) }
        return count
    }

    private func all(at now: Instant) async throws -> [SweepTurn] {
        let sandboxes = try await self.database.read(
            .system,
            "SELECT organization_id, clock_ahead_seconds FROM organization_ref WHERE clock_ahead_seconds > 0 ORDER BY organization_id",
            []
        )
        return [.everybody(at: now)] + (try sandboxes.map { try Self.turn($0, at: now) })
    }

    /// Has `sweep` follow the sandboxes that were put forward since it did so last; answers what it answers, in all.
    @discardableResult
    public func follow(at now: Instant, _ sweep: (SweepTurn) async throws -> Int) async throws -> Int {
        let advanced = try await self.database.read(
            .system,
            """
            SELECT organization_id, clock_ahead_seconds FROM organization_ref
            WHERE clock_ahead_seconds > 0 AND clock_swept_seconds < clock_ahead_seconds ORDER BY organization_id
            """,
            []
        )
        var count = 0
        for row in advanced {
            let turn = try Self.turn(row, at: now)
            count += try await sweep(turn)
            try await self.database.transaction(.system) { transaction in
                try transaction.queue(
                    "UPDATE organization_ref SET clock_swept_seconds = $2 WHERE organization_id = $1",
                    [.uuid(try row.uuid("organization_id")), .int(turn.aheadSeconds)]
                )
            }
        }
        return count
    }

    private static func turn(_ row: Row, at now: Instant) throws -> SweepTurn {
        let ahead = try row.int("clock_ahead_seconds")
        return SweepTurn(
            sandbox: try row.uuid("organization_id"),
            now: now.advanced(bySeconds: ahead),
            aheadSeconds: ahead
        )
    }
}

extension LocalCopy.Column {
    /// How far an organization's clock is ahead, for services that sweep.
    public static let clockAhead = LocalCopy.Column("clock_ahead_seconds") { event in
        .int(event.data["clock_ahead_seconds"]?.int64 ?? 0)
    }
}
