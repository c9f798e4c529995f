internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

/// A small service of the tests' own: makers, their gadgets, and orders that keep a maker from being deleted.
enum Workshop {
    static func run(_ body: (TestService) async throws -> Void) async throws {
        try await TestService.run(self.migrations, self.router, body)
    }

    static func router(_ persistence: Persistence) -> Router {
        var router = persistence.router(for: "shop")
        persistence.serve(self.maker, in: &router)
        persistence.serve(self.gadget, in: &router)
        persistence.serve(self.order, in: &router)
        persistence.serve(self.part, in: &router)
        persistence.serve(self.gadget, of: self.maker, by: "maker_id", as: "gadgets", in: &router)
        return router
    }

    static let maker: Resource = {
        var resource = Resource(
            service: "shop",
            name: "maker",
            plural: "makers",
            table: "maker",
            fields: [
                .text("name", max: 50).required().filterable().sortable(),
                .object("address", [.text("city", max: 50).nullable(), .text("street", max: 50).nullable()]).nullable(),
            ]
        )
        resource.hasCustomFields = true
        resource.actions = Set(Resource.Action.allCases)
        resource.dependents = [
            .init(.restrict, Self.order, by: "maker_id"),
            .init(.cascade, Self.gadget, by: "maker_id"),
            .init(.release, Self.part, by: "maker_id"),
        ]
        return resource
    }()

    static let gadget: Resource = {
        var resource = Resource(
            service: "shop",
            name: "gadget",
            plural: "gadgets",
            table: "gadget",
            fields: [
                .text("name", max: 20).required().filterable().sortable(),
                .text("note", max: 100).nullable(),
                .integer("size", 0...100).defaulting(to: 1).filterable().sortable(),
                .choice("colour", ["red", "green", "blue"]).defaulting(to: "red").filterable(),
                .identifier("maker_id").nullable().filterable(),
                .text("serial", max: 20).nullable().onCreate(),
                .identifier("supplier_id").nullable(),
            ]
        )
        resource.actions = Set(Resource.Action.allCases)
        resource.references = [.init("maker_id", to: Self.maker), .init("supplier_id", toCopy: Self.supplier)]
        resource.dependents = [.init(.cascade, Self.part, by: "gadget_id")]
        resource.hooks.create = { values, _, _ in
            if values.optionalText("name") == "cursed" { throw Rejection.conflict("cursed", "Nobody makes this.") }
        }
        resource.hooks.keep = { stored in
            guard try stored.row.text("colour") != "blue" else { throw Rejection.conflict("blue", "Blue ones stay.") }
        }
        resource.hooks.restore = { stored, _, _ in
            guard try stored.row.int("size") < 100 else { throw Rejection.conflict("huge", "There is no room for it.") }
        }
        return resource
    }()

    /// Whom another service knows.
    static let supplier = LocalCopy(
        of: "supplier",
        from: "market",
        kept: ["created", "updated", "restored"],
        ended: ["deleted"],
        columns: [
            .text("name"), .optionalText("city"), LocalCopy.Column("met_as", isFixed: true) { .text($0.record.type) },
        ]
    )

    static var handlers: EventHandlers {
        var handlers = EventHandlers()
        self.supplier.follow(&handlers)
        return handlers
    }

    static let order: Resource = {
        var resource = Resource(
            service: "shop",
            name: "order",
            plural: "orders",
            table: "shop_order",
            fields: [.identifier("maker_id").required()]
        )
        resource.isSoftDeleted = false
        resource.hasExternalID = false
        resource.actions = [.create]
        resource.read = .manage("shop")
        return resource
    }()

    static let part: Resource = {
        var resource = Resource(
            service: "shop",
            name: "part",
            plural: "parts",
            table: "part",
            fields: [
                .identifier("gadget_id").nullable().filterable(),
                .identifier("maker_id").nullable(),
                .identifier("order_id").nullable(),
            ]
        )
        resource.hasExternalID = false
        resource.references = [
            .init("maker_id", to: Self.maker), .init("gadget_id", to: Self.gadget, isChecked: false),
            .init("order_id", to: Self.order, isChecked: false),
        ]
        return resource
    }()

    static let migrations = EventLog.migrations + [Migration("shop_001", Array(Self.tables.utf8))]

    private static let row = """
        organization_id uuid NOT NULL, id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
        version bigint NOT NULL DEFAULT 1, PRIMARY KEY (organization_id, id)
        """

    private static let tables = """
        CREATE TABLE maker (name text NOT NULL, address jsonb, external_id text, custom_fields jsonb NOT NULL DEFAULT '{}',
            deleted_at timestamptz, \(row));
        CREATE TABLE gadget (name text NOT NULL, note text, size integer NOT NULL, colour text NOT NULL, maker_id uuid, serial text, supplier_id uuid,
            external_id text, deleted_at timestamptz, \(row),
            CONSTRAINT gadget__maker_id_fkey FOREIGN KEY (organization_id, maker_id) REFERENCES maker (organization_id, id));
        CREATE UNIQUE INDEX gadget__external_id_key ON gadget (organization_id, external_id) WHERE deleted_at IS NULL;
        CREATE TABLE shop_order (maker_id uuid NOT NULL, \(row));
        CREATE TABLE part (gadget_id uuid, maker_id uuid, order_id uuid, deleted_at timestamptz, \(row));
        CALL app_protect('part');
        CREATE TABLE supplier_ref (organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, city text,
            met_as text NOT NULL, is_deleted boolean NOT NULL, version bigint NOT NULL, PRIMARY KEY (organization_id, id));
        CALL app_protect('supplier_ref');
        CALL app_protect('maker'); CALL app_protect('gadget'); CALL app_protect('shop_order');
        """
}

extension TestService {
    func supplier(_ data: JSON) async throws -> Identifier {
        try await self.supplier("created", Identifier.random(), version: 1, data)
    }

    /// What the market says of a supplier.
    func supplier(
        _ word: String = "created",
        _ id: Identifier = Identifier.random(),
        version: Int64 = 1,
        _ data: JSON = ["name": "Timber"]
    ) async throws -> Identifier {
        try await self.receive(
            "supplier.\(word)",
            from: "market",
            aggregate: id,
            version: version,
            payload: ["data": data],
            Workshop.handlers
        )
        return id
    }

    func maker(_ name: String = "Acme") async throws -> String {
        try #require(try await self.json("shop.maker.create/1", body: ["name": .string(name)])["id"]?.string)
    }

    func part(of gadget: JSON, _ members: JSONObject = [:]) async throws -> JSON {
        var members = members
        members["gadget_id"] = gadget["id"]
        return try await self.json("shop.part.create/1", body: .object(members))
    }

    func gadget(_ members: JSONObject = ["name": "lamp"]) async throws -> JSON {
        try await self.json("shop.gadget.create/1", body: .object(members))
    }

    func list(_ parameters: [String: String] = [:]) async throws -> JSON {
        try await self.json("shop.gadget.list/1", parameters)
    }

    func names(_ parameters: [String: String]) async throws -> [String] {
        try await self.list(parameters)["data"]?.array?.compactMap { $0["name"]?.string } ?? []
    }
}
