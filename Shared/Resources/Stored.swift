public import Contracts
public import Postgres
public import Vocabulary

/// A row of a resource as it was read: typed columns for rules, and its JSON as a client sees it.
public struct Stored: Sendable {
    public let row: Row
    public let json: [UInt8]
    public let id: Identifier
    public let version: Int64

    init(_ row: Row, of plan: RowPlan) throws(SQLFault) {
        self.row = row
        self.json = plan.json(of: row)
        self.id = try row.uuid("id")
        self.version = try row.int("version")
    }

    /// The story this row belongs to, where its resource is part of one.
    public var correlation: Identifier? { (try? self.row.uuidOrNil("correlation_id")).flatMap { $0 } }

    /// Refuses a caller who has not seen the latest version.
    public func require(_ ifMatch: Int64?) throws(Fault) {
        guard let ifMatch, ifMatch != self.version else { return }
        throw Fault(.stale, "This is at version \(self.version), not \(ifMatch). Read it again.")
    }

    /// The answer that shows it.
    public func reply(status: Int = 200, location: String? = nil) -> Reply {
        Reply(status: status, body: self.json, etag: self.version, location: location)
    }
}

extension RawRepresentable<String> {
    /// Reads an enum's stored value; what the table's check lets through and this build does not know is our own mistake.
    public init(stored text: String) throws(Fault) {
        guard let value = Self(rawValue: text) else { throw Fault(.internalError, "\(Self.self) has no value \(text)") }
        self = value
    }
}
