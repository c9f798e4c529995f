internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import Resources

/// A row is answered before the server has said what it stored. A debug build, as tests are, compares the two for every row that any
/// test writes; these tests tell when a row is foreseen and when it is asked for.
@Suite struct ForeseenRowsTests {
    private static let now = Instant(microseconds: 1_795_000_000_123_400)
    private static let organization = Identifier.random()

    private static let table = Migration(
        "foreseen_001",
        Array(
            """
            CREATE TABLE thing (organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, note text DEFAULT 'none',
                size smallint NOT NULL DEFAULT 7, is_new boolean NOT NULL DEFAULT true, day date DEFAULT '2026-02-28',
                labels jsonb NOT NULL DEFAULT '["a", "b"]', price numeric, external_id text UNIQUE, seen_at timestamptz,
                created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1,
                deleted_at timestamptz, PRIMARY KEY (organization_id, id));
            CALL app_protect('thing');
            """.utf8
        )
    )

    private static func store(computing: Bool = false) -> ResourceStore {
        var resource = Resource(
            service: "shop",
            name: "thing",
            plural: "things",
            table: "thing",
            fields: [
                .text("name", max: 200).required(), .text("note", max: 50).nullable(), .integer("size", 0...1_000),
                .boolean("is_new"), .date("day").nullable(), .document("labels", bytesMax: 1_000),
                .decimal("price", places: 2).nullable(), .instant("seen_at").nullable(),
            ] + (computing ? [.text("title", max: 300).readOnly()] : [])
        )
        if computing { resource.computed = ["title": "upper(name)"] }
        return ResourceStore(resource)
    }

    /// Runs `body` in a transaction of an empty table, and answers what the table holds afterwards.
    private static func written(
        by store: ResourceStore,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Stored
    ) async throws -> (answered: Stored, read: Stored) {
        try await TestServer.shared.withDatabase([self.table]) { database in
            let answered = try await database.transaction(.organization(self.organization)) { try body($0) }
            let read = try await store.read(answered.id, for: self.organization, in: database, deadline: nil)
            return (answered, read)
        }
    }

    private static func insert(
        _ values: Values,
        _ store: ResourceStore,
        _ transaction: borrowing Transaction
    ) throws -> Stored {
        try store.insert(values, for: self.organization, at: self.now, in: transaction)
    }

    @Test(
        arguments: [
            ["name": .text("")], ["name": .text("o\'clock, \"é\" \\ 😀")], ["name": .text("a"), "note": .null],
            [
                "name": .text("a"), "size": .integer(0), "is_new": .boolean(false),
                "day": .date(LocalDate("2024-02-29")!),
            ],
            ["name": .text("a"), "seen_at": .instant(Instant(microseconds: 0))],
            ["name": .text("a"), "seen_at": .instant(.distantPast)],
            ["name": .text("a"), "seen_at": .instant(.distantFuture)],
            ["name": .text("a"), "labels": .document(["b": 1, "a": ["x": .null]])],
        ] as [[String: Value]]
    )
    func `a new row is answered as it will be read, with the table's defaults`(members: [String: Value]) async throws {
        let store = Self.store()
        let rows = try await Self.written(by: store) { try Self.insert(Values(members), store, $0) }
        #expect(String(decoding: rows.answered.json, as: UTF8.self) == String(decoding: rows.read.json, as: UTF8.self))
    }

    @Test func `nobody waits for a new row, so its refusal comes with the next exchange`() async throws {
        let store = Self.store()
        let twice = Values(["name": .text("a"), "external_id": .text("same")])
        await #expect(throws: SQLFault.self) {
            try await Self.written(by: store) { transaction in
                _ = try Self.insert(twice, store, transaction)
                let second = try Self.insert(twice, store, transaction)
                #expect(throws: SQLFault.self) { try transaction.query("SELECT 1 AS one") }
                return second
            }
        }
    }

    @Test(
        arguments: [
            ["price": .decimal("1.50")], ["labels": .document(.number(JSONNumber("1e2")!))],
        ] as [[String: Value]]
    )
    func `what the server may write otherwise is asked for`(members: [String: Value]) async throws {
        let store = Self.store()
        let rows = try await Self.written(by: store) { transaction in
            let first = try Self.insert(Values(["name": .text("a")]), store, transaction)
            let after = try store.update(first, Values(members), for: Self.organization, at: Self.now, in: transaction)
            let fresh = Values(members.merging(["name": .text("b")]) { given, _ in given })
            _ = try Self.insert(fresh, store, transaction)
            return after
        }
        #expect(rows.answered.json == rows.read.json && rows.answered.version == 2)
    }

    @Test func `a computed column is asked for`() async throws {
        let store = Self.store(computing: true)
        let rows = try await Self.written(by: store) { transaction in
            let first = try Self.insert(Values(["name": .text("a")]), store, transaction)
            return try store.update(
                first,
                Values(["name": .text("b")]),
                for: Self.organization,
                at: Self.now,
                in: transaction
            )
        }
        #expect(rows.answered.json == rows.read.json)
        #expect(try rows.answered.row.text("title") == "B")
    }

    @Test func `a change of a held row is answered as it will be read, and may be changed again`() async throws {
        let store = Self.store()
        let later = Self.now.advanced(bySeconds: 60)
        let rows = try await Self.written(by: store) { transaction in
            let id = try Self.insert(Values(["name": .text("a"), "note": .text("x")]), store, transaction).id
            let held = try store.lock(id, for: Self.organization, in: transaction)
            let once = try store.update(
                held,
                Values(["note": .null]),
                for: Self.organization,
                at: later,
                in: transaction
            )
            let second = Values(["labels": .document(["z": 1]), "day": .null])
            return try store.update(once, second, for: Self.organization, at: later, in: transaction)
        }
        #expect(rows.answered.json == rows.read.json)
        #expect(rows.answered.version == 3 && rows.read.version == 3)
        #expect(try rows.read.row.isNull("note") && rows.read.row.instant("updated_at") == later)
    }

    @Test func `a row that is not held is asked for, and not found where it has gone`() async throws {
        let store = Self.store()
        try await TestServer.shared.withDatabase([Self.table]) { database in
            let scope = TenantScope.organization(Self.organization)
            let id = try await database.transaction(scope) {
                try Self.insert(Values(["name": .text("a")]), store, $0).id
            }
            let seen = try await store.read(id, for: Self.organization, in: database, deadline: nil)
            try await database.transaction(scope) { transaction in
                _ = try transaction.query("DELETE FROM thing WHERE id = $1", [.uuid(id)])
            }
            await #expect(throws: Fault.self) {
                try await database.transaction(scope) { transaction in
                    _ = try store.update(
                        seen,
                        Values(["name": .text("b")]),
                        for: Self.organization,
                        at: Self.now,
                        in: transaction
                    )
                }
            }
        }
    }
}
