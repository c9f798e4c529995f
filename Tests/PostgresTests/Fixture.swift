internal import Postgres
internal import TestKit
internal import Vocabulary

/// Two kinds of tenant table and one that nothing but its predicate guards.
enum Fixture {
    static let deal = Migration(
        "test-001-deal",
        Array(
            """
            CREATE TABLE deal (
                organization_id uuid NOT NULL,
                id uuid NOT NULL,
                name text NOT NULL CONSTRAINT deal_name_not_empty CHECK (name <> ''),
                amount bigint NOT NULL DEFAULT 0,
                created_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (organization_id, id)
            );
            CALL app_protect('deal');
            DO $$ BEGIN
                ASSERT (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'deal'::regclass), 'deal is forced';
            END $$;
            """.utf8
        )
    )

    static let ticket = Migration(
        "test-002-ticket",
        Array(
            """
            CREATE TABLE ticket (organization_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (organization_id, id));
            CALL app_protect_with_system('ticket');
            """.utf8
        )
    )

    static let migrations = [deal, ticket]
    static let insertDeal: SQL = "INSERT INTO deal (organization_id, id, name) VALUES ($1, $2, $3)"
    static let countDeals: SQL = "SELECT count(*) AS count FROM deal"

    static func organization(_ number: Int) -> Identifier {
        Identifier(high: 0xdead_beef_0000_7000, low: 0x8000_0000_0000_0000 + UInt64(number))
    }

    static func add(deal name: String, to organization: Identifier, in database: Database) async throws {
        try await database.transaction(.organization(organization)) { tx in
            try tx.queue(Self.insertDeal, [.uuid(organization), .uuid(.random()), .text(name)])
        }
    }
}

/// What `body` throws, as a fault.
func fault(_ body: () async throws -> Void) async -> SQLFault? {
    do {
        try await body()
        return nil
    } catch {
        return error as? SQLFault
    }
}

/// The tests' configuration with a change.
func tuned(_ change: (inout DatabaseConfiguration) -> Void) -> DatabaseConfiguration {
    var configuration = TestServer.configuration
    change(&configuration)
    return configuration
}
