public import Vocabulary

/// One row of a result. Columns are asked for by name; a missing, null or misshapen one is a fault that names it.
public struct Row: Sendable {
    public let rows: Rows
    public let index: Int

    public func isNull(_ column: String) throws(SQLFault) -> Bool {
        self.rows.withBytes(row: self.index, column: try self.number(of: column)) { $0 == nil }
    }

    public func text(_ column: String) throws(SQLFault) -> String {
        try self.require(try self.textOrNil(column), column)
    }

    public func textOrNil(_ column: String) throws(SQLFault) -> String? {
        self.rows.withBytes(row: self.index, column: try self.number(of: column)) { bytes in
            bytes.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The value's own text as bytes: a `json` column's document, for example.
    public func bytes(_ column: String) throws(SQLFault) -> [UInt8] {
        try self.require(try self.bytesOrNil(column), column)
    }

    public func bytesOrNil(_ column: String) throws(SQLFault) -> [UInt8]? {
        self.rows.withBytes(row: self.index, column: try self.number(of: column)) { $0.map { Array($0) } }
    }

    /// The contents of a `bytea` column.
    public func binary(_ column: String) throws(SQLFault) -> [UInt8] {
        try self.require(try self.binaryOrNil(column), column)
    }

    public func binaryOrNil(_ column: String) throws(SQLFault) -> [UInt8]? {
        try self.decoded(column, as: "bytea") { ColumnText.binary($0) }
    }

    public func int(_ column: String) throws(SQLFault) -> Int64 {
        try self.require(try self.intOrNil(column), column)
    }

    public func intOrNil(_ column: String) throws(SQLFault) -> Int64? {
        try self.decoded(column, as: "an integer") { ColumnText.integer($0) }
    }

    public func bool(_ column: String) throws(SQLFault) -> Bool {
        try self.require(try self.boolOrNil(column), column)
    }

    public func boolOrNil(_ column: String) throws(SQLFault) -> Bool? {
        try self.decoded(column, as: "a boolean") { ColumnText.boolean($0) }
    }

    public func uuid(_ column: String) throws(SQLFault) -> Identifier {
        try self.require(try self.uuidOrNil(column), column)
    }

    public func uuidOrNil(_ column: String) throws(SQLFault) -> Identifier? {
        try self.decoded(column, as: "a uuid") { Identifier(text: $0) }
    }

    public func instant(_ column: String) throws(SQLFault) -> Instant {
        try self.require(try self.instantOrNil(column), column)
    }

    public func instantOrNil(_ column: String) throws(SQLFault) -> Instant? {
        try self.decoded(column, as: "a timestamptz in UTC") { ColumnText.instant($0) }
    }

    public func date(_ column: String) throws(SQLFault) -> LocalDate {
        try self.require(try self.dateOrNil(column), column)
    }

    public func dateOrNil(_ column: String) throws(SQLFault) -> LocalDate? {
        try self.decoded(column, as: "a date") { LocalDate(String(decoding: $0, as: UTF8.self)) }
    }

    private func number(of column: String) throws(SQLFault) -> Int {
        guard let number = self.rows.column(named: column) else {
            throw SQLFault(.decode, "the result has no column \(column), only \(self.rows.columnNames)")
        }
        return number
    }

    private func require<Value>(_ value: Value?, _ column: String) throws(SQLFault) -> Value {
        guard let value else { throw SQLFault(.decode, "column \(column) is null") }
        return value
    }

    private func decoded<Value>(
        _ column: String,
        as expected: String,
        _ decode: (UnsafeRawBufferPointer) -> Value?
    ) throws(SQLFault) -> Value? {
        let number = try self.number(of: column)
        var isNull = false
        let value: Value? = self.rows.withBytes(row: self.index, column: number) { bytes in
            guard let bytes else {
                isNull = true
                return nil
            }
            return decode(bytes)
        }
        if value == nil, !isNull { throw SQLFault(.decode, "column \(column) is not \(expected)") }
        return value
    }
}
