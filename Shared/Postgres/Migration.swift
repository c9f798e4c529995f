/// One step of a database's history: a numbered SQL file, embedded in the binary.
///
/// Released migrations are never edited: their hash is recorded, and another hash under the same name is refused.
public struct Migration: Sendable, Hashable {
    /// `crm-001-client-company`: applied in the order given, told apart by name.
    public let name: String
    /// The file. It runs in one transaction and holds its own assertions, as `DO $$ BEGIN ASSERT …; END $$` blocks.
    public let sql: [UInt8]

    public init(_ name: String, _ sql: [UInt8]) {
        self.name = name
        self.sql = sql
    }
}
