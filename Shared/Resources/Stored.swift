public import Contracts
public import Postgres
public import Vocabulary

/// A row of a resource as it was read: typed columns for rules, and its JSON as a client sees it.
public struct Stored: Sendable {
    public let row: Row
    public let json: [UInt8]
    public let id: Identifier
    public let version: Int64
    /// The story this row belongs to, where its resource is part of one.
    public let correlation: Identifier?
    /// The engagement it belongs to, where its resource says so.
    let engagement: Identifier?
    /// Whether the transaction that read it keeps everybody else from changing it.
    let isHeld: Bool

    init(_ row: Row, of plan: RowPlan, isHeld: Bool = false) throws(SQLFault) {
        self.row = row
        self.isHeld = isHeld
        self.json = plan.json(of: row)
        self.id = try row.uuid("id")
        self.version = try row.int("version")
        self.correlation = if let column = plan.correlation { try row.uuid(column) } else { nil }
        self.engagement = if let column = plan.engagement { try row.uuidOrNil(column) } else { nil }
    }

    /// Refuses a caller who has not seen the latest version.
    public func require(_ ifMatch: VersionMatch?) throws(Fault) { try ifMatch?.require(self.version) }

    /// The answer to a reader: that it has this version already, or the object.
    public func reply(to context: CallContext) throws(Fault) -> Reply {
        try self.require(context.ifMatch)
        if context.ifNoneMatch?.matches(self.version) == true { return .notModified(self.version) }
        return self.reply()
    }

    /// The answer that shows it.
    public func reply(status: Int = 200, location: String? = nil) -> Reply {
        Reply(status: status, body: self.json, etag: self.version, location: location)
    }
}

extension Zone {
    /// Reads a stored time zone. Another one in its place would put what happens on another day, and nobody would see it.
    public init(stored text: String) throws(Fault) {
        guard let zone = Zone(text) else { throw Fault(.internalError, "There is no time zone \(text) here") }
        self = zone
    }
}

extension Currency {
    /// Reads a stored currency. Another one in its place would be another amount.
    public init(stored text: String) throws(Fault) {
        guard let currency = Currency(text) else { throw Fault(.internalError, "There is no currency \(text) here") }
        self = currency
    }
}

extension RawRepresentable<String> {
    /// Reads an enum's stored value; what the table's check lets through and this build does not know is our own mistake.
    public init(stored text: String) throws(Fault) {
        guard let value = Self(rawValue: text) else { throw Fault(.internalError, "\(Self.self) has no value \(text)") }
        self = value
    }
}
