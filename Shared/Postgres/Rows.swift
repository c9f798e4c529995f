internal import CPostgres
internal import Glibc

/// The result of one statement, in the server's own bytes.
///
/// Nothing is decoded until it is asked for: what goes out as JSON is written from these bytes directly.
/// `@unchecked` because the compiler cannot see that a `PGresult` never changes once others can see it: only const accessors are
/// called on it then, and `PQclear` runs once, when the last reference is gone.
public final class Rows: @unchecked Sendable {
    private let result: OpaquePointer
    public let count: Int

    /// Takes ownership of the result.
    init(owning result: OpaquePointer) {
        self.result = result
        self.count = Int(PQntuples(result))
    }

    deinit { PQclear(self.result) }

    public var isEmpty: Bool { self.count == 0 }
    public var first: Row? { self.isEmpty ? nil : self[0] }
    public var columnCount: Int { Int(PQnfields(self.result)) }

    public var columnNames: [String] {
        (0..<PQnfields(self.result)).map { PQfname(self.result, $0).map { String(cString: $0) } ?? "" }
    }

    /// How many rows the statement inserted, changed, deleted or returned.
    public var affected: Int {
        PQcmdTuples(self.result).map { Int(atoll($0)) } ?? 0
    }

    /// Whether the command's tag begins so: a COMMIT of a failed transaction answers `ROLLBACK`.
    func isCommand(_ tag: String) -> Bool {
        PQcmdStatus(self.result).map { String(cString: $0).hasPrefix(tag) } ?? false
    }

    public subscript(_ index: Int) -> Row {
        precondition((0..<self.count).contains(index), "row \(index) of \(self.count)")
        return Row(rows: self, index: index)
    }

    /// The column's number, or `nil` where the result has none of that name.
    public func column(named name: String) -> Int? {
        name.withCString { wanted in
            for column in 0..<PQnfields(self.result) {
                if let name = PQfname(self.result, column), strcmp(name, wanted) == 0 { return Int(column) }
            }
            return nil
        }
    }

    /// The object id of the column's type, by which a writer chooses the form: 16 bool, 20 int8, 114 json, 3802 jsonb.
    public func columnType(_ column: Int) -> UInt32 {
        PQftype(self.result, Int32(column))
    }

    /// Lends the column's bytes as the server sent them in text form, or `nil` for NULL. They are not to be kept.
    public func withBytes<Result>(
        row: Int,
        column: Int,
        _ body: (UnsafeRawBufferPointer?) throws -> Result
    ) rethrows -> Result {
        precondition((0..<self.count).contains(row) && (0..<self.columnCount).contains(column), "no such value")
        guard
            PQgetisnull(self.result, Int32(row), Int32(column)) == 0,
            let value = PQgetvalue(self.result, Int32(row), Int32(column))
        else { return try body(nil) }
        let length = Int(PQgetlength(self.result, Int32(row), Int32(column)))
        return try body(UnsafeRawBufferPointer(start: value, count: length))
    }

    /// Lends the first values of a row, all at once for whoever writes many: one without an address is NULL. They are not to be kept.
    public func withValues(
        row: Int,
        columns count: Int,
        _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Void
    ) {
        precondition((0..<self.count).contains(row) && count <= self.columnCount, "no such values")
        withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: count) { values in
            let row = Int32(truncatingIfNeeded: row)
            for column in 0..<count {
                values.initializeElement(at: column, to: self.value(row, Int32(truncatingIfNeeded: column)))
            }
            body(UnsafeBufferPointer(values))
        }
    }

    /// Only an empty value has to be told from NULL.
    @inline(__always)
    private func value(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer {
        let length = PQgetlength(self.result, row, column)
        guard length > 0 || PQgetisnull(self.result, row, column) == 0 else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(start: PQgetvalue(self.result, row, column), count: Int(length))
    }
}

// MARK: - Rows that no server sent

extension Rows {
    /// A result with the columns of this one and one row of nulls, to be filled by ``set(_:to:)`` before anybody else sees it.
    func blankRow() throws(SQLFault) -> Rows {
        guard let copy = PQcopyResult(self.result, PG_COPYRES_ATTRS) else { throw Self.outOfMemory }
        guard PQsetvalue(copy, 0, 0, nil, Self.nullLength) == 1 else {
            PQclear(copy)
            throw Self.outOfMemory
        }
        return Rows(owning: copy)
    }

    /// Writes a value of the row; libpq copies it.
    func set(_ column: Int, to text: UnsafeRawBufferPointer?) -> Result<Void, SQLFault> {
        let bytes = text?.baseAddress.map { UnsafeMutableRawPointer(mutating: $0).assumingMemoryBound(to: CChar.self) }
        let length = text.map { Int32($0.count) } ?? Self.nullLength
        let isSet = PQsetvalue(self.result, 0, Int32(column), bytes, length) == 1
        return isSet ? .success(()) : .failure(Self.outOfMemory)
    }

    private static let nullLength: Int32 = -1
    private static var outOfMemory: SQLFault { SQLFault(.connection, "libpq is out of memory") }

    /// Whether each row has the text of the one row of the other in its place.
    func isSame(as others: [Rows]) -> Bool {
        guard self.count == others.count else { return false }
        return others.enumerated().allSatisfy { row, other in
            self.columnCount == other.columnCount
                && (0..<self.columnCount).allSatisfy { column in
                    self.withBytes(row: row, column: column) { $0.map(Array.init) }
                        == other.withBytes(row: 0, column: column) { $0.map(Array.init) }
                }
        }
    }
}

extension Rows: Sequence {
    public func makeIterator() -> some IteratorProtocol<Row> {
        (0..<self.count).lazy.map { Row(rows: self, index: $0) }.makeIterator()
    }
}
