/// What is known beforehand of a row that a statement is about to write.
///
/// Only for values that the server gives back as they were bound: ``isGivenBack(_:as:)``.
public struct ExpectedRow: Sendable {
    /// A result of the select list by which the row will be read; it says its columns.
    let pattern: Rows
    /// The row of it whose values stay where none is written; `nil` for a new row, of which every column is written.
    let before: Int?
    /// For each bound value the column that it is written to, or `nil` for one that is only compared.
    let columns: [Int?]
    /// The select list, for a debug build.
    let select: SQL

    public static func new(_ pattern: Rows, columns: [Int?], select: SQL) -> ExpectedRow {
        ExpectedRow(pattern: pattern, before: nil, columns: columns, select: select)
    }

    public static func changed(_ row: Row, columns: [Int?], select: SQL) -> ExpectedRow {
        ExpectedRow(pattern: row.rows, before: row.index, columns: columns, select: select)
    }

    /// Whether a column of this type holds a value exactly as it is bound. `numeric`, domains and whatever has a length or a form of
    /// its own do not; a document for `jsonb` does if it has been brought into the server's form.
    public static func isGivenBack(_ value: SQLValue, as type: UInt32) -> Bool {
        switch (value, type) {
        case (.null, _): true
        case (.text, Self.text), (.bool, Self.bool), (.uuid, Self.uuid), (.date, Self.date): true
        case (.int, Self.int2), (.int, Self.int4), (.int, Self.int8): true
        case (.instant, Self.timestamptz), (.json, Self.json), (.json, Self.jsonb): true
        default: false
        }
    }

    // Object ids of PostgreSQL's own types, which never change (pg_type.dat).
    private static let bool: UInt32 = 16
    private static let int8: UInt32 = 20
    private static let int2: UInt32 = 21
    private static let int4: UInt32 = 23
    private static let text: UInt32 = 25
    private static let json: UInt32 = 114
    private static let date: UInt32 = 1082
    private static let timestamptz: UInt32 = 1184
    private static let uuid: UInt32 = 2950
    private static let jsonb: UInt32 = 3802

    /// The row with these values written.
    func row(with values: EncodedParameters) throws(SQLFault) -> Rows {
        let rows = try self.pattern.blankRow()
        assert(
            self.before != nil || Set(self.columns.compactMap { $0 }).count == rows.columnCount,
            "a new row is written whole"
        )
        if let before = self.before {
            for column in 0..<rows.columnCount {
                try self.pattern.withBytes(row: before, column: column) { rows.set(column, to: $0) }.get()
            }
        }
        for (value, column) in self.columns.enumerated() {
            guard let column else { continue }
            try values.withText(of: value) { rows.set(column, to: $0) }.get()
        }
        return rows
    }
}
