internal import Contracts
public import EventLog
public import Postgres
public import Vocabulary

/// A small copy of the rows of another service's entity: what this service needs to show or to check of them, kept current from
/// their owner's events. Declared once; from the declaration follow the effects on events and the checks of references.
///
/// Its table is `<aggregate>_ref`: `organization_id`, `id` (but for organizations themselves), the columns, `version`, and
/// `is_deleted` where the owner can take a row away. An event that is older than the copy changes nothing, so a copy may be filled
/// again from the beginning of the owner's log at any time.
public struct LocalCopy: Sendable {
    /// One column, and what an event says of it.
    public struct Column: Sendable {
        let name: SQL
        /// Said by the first event alone.
        let isFixed: Bool
        let value: @Sendable (ReceivedEvent) throws -> SQLValue

        public init(
            _ name: String,
            isFixed: Bool = false,
            _ value: @escaping @Sendable (ReceivedEvent) throws -> SQLValue
        ) {
            self.name = SQL(identifier: name)
            self.isFixed = isFixed
            self.value = value
        }

        /// A member of the row that is there in every event.
        public static func text(_ name: String) -> Column { Column(name) { .text(try $0.text(name)) } }
        public static func identifier(_ name: String) -> Column { Column(name) { .uuid(try $0.identifier(name)) } }

        /// A member that may be absent or null.
        public static func optionalText(_ name: String) -> Column {
            Column(name) { event in event.data[name]?.string.map(SQLValue.text) ?? .null }
        }
        public static func optionalIdentifier(_ name: String) -> Column {
            Column(name) { event in event.data[name]?.identifier.map(SQLValue.uuid) ?? .null }
        }
    }

    /// What tells one row from another.
    public enum Key: Sendable {
        /// An object of an organization.
        case row
        /// The organization itself.
        case organization
    }

    /// The service whose rows they are.
    public let owner: String
    /// As the owner's events name them: `client_company`.
    public let aggregate: String
    public let table: SQL
    private let key: Key
    private let kept: [String]
    private let ended: [String]
    private let columns: [Column]
    private let statement: SQL

    /// - Parameters:
    ///   - kept: The owner's events after which a row is there, without the aggregate: `created`.
    ///   - ended: Those after which it is not. They show the row as it was, so they count at the version that they end.
    public init(
        of aggregate: String,
        from owner: String,
        by key: Key = .row,
        kept: [String],
        ended: [String] = [],
        columns: [Column]
    ) {
        self.owner = owner
        self.aggregate = aggregate
        self.table = SQL(identifier: aggregate + "_ref")
        self.key = key
        self.kept = kept
        self.ended = ended
        self.columns = columns
        self.statement = Self.upsert(into: self.table, by: key, hasEnd: !ended.isEmpty, columns)
    }

    private static func upsert(into table: SQL, by key: Key, hasEnd: Bool, _ columns: [Column]) -> SQL {
        var keys: [SQL] = ["organization_id"]
        if key == .row { keys.append("id") }
        var told: [SQL] = ["version"]
        if hasEnd { told.append("is_deleted") }
        let names = keys + told + columns.map(\.name)
        let places = (1...names.count).map(SQL.parameter)
        let changing = told + columns.filter { !$0.isFixed }.map(\.name)
        let isNewer: SQL =
            table + ".version < EXCLUDED.version"
            + (hasEnd ? " OR (" + table + ".version = EXCLUDED.version AND EXCLUDED.is_deleted)" : "")
        return "INSERT INTO " + table + " (" + names.joined(separator: ", ") + ") VALUES ("
            + places.joined(separator: ", ") + ") ON CONFLICT (" + keys.joined(separator: ", ") + ") DO UPDATE SET "
            + changing.map { $0 + " = EXCLUDED." + $0 }.joined(separator: ", ") + " WHERE " + isNewer
    }

    // MARK: - Keeping

    /// Follows the owner of the rows.
    public func follow(_ handlers: inout EventHandlers) {
        for word in self.kept + self.ended {
            handlers.on("\(self.aggregate).\(word)") { event, transaction in
                try self.keep(event, in: transaction)
                return []
            }
        }
    }

    /// What an event says of a row, for a consumer that does more with that event.
    public func keep(_ event: ReceivedEvent, in transaction: borrowing Transaction) throws {
        var bindings: [SQLValue] = [.uuid(event.organization)]
        if self.key == .row { bindings.append(.uuid(event.record.aggregateID)) }
        bindings.append(.int(event.record.aggregateVersion))
        if !self.ended.isEmpty {
            bindings.append(.bool(self.ended.contains { event.record.type == "\(self.aggregate).\($0)" }))
        }
        for column in self.columns { bindings.append(try column.value(event)) }
        try transaction.queue(self.statement, bindings)
    }

    // MARK: - Checking

    /// As a sentence names a row: `client company`.
    var label: String { self.aggregate.split(separator: "_").joined(separator: " ") }

    /// Leaves out the rows that their owner has taken away.
    var alive: SQL { self.ended.isEmpty ? "" : " AND NOT is_deleted" }

    /// Refuses the id of a row that is not known here, or was deleted.
    public func require(
        _ id: Identifier,
        at field: String,
        orDeleted: Bool = false,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        let rows = try transaction.query(
            "SELECT 1 AS found FROM " + self.table + " WHERE organization_id = $1 AND id = $2"
                + (orDeleted ? "" : self.alive),
            [.uuid(organization), .uuid(id)]
        )
        guard rows.count == 1 else { throw self.unknown(at: field) }
    }

    /// That the id in a field leads to no row that is known here.
    public func unknown(at field: String) -> UnknownReference {
        UnknownReference(
            [Problem("/\(field)", "unknown_reference", "There is no \(self.label) with this id.")],
            owners: [self.owner]
        )
    }
}
