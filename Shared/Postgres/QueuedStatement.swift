/// A statement that waits in a transaction's queue.
struct QueuedStatement {
    private enum Text {
        case fixed(SQL)
        case insert(RowInsert, rows: Int)
    }

    private var text: Text
    private(set) var parameters: EncodedParameters
    /// How many rows it must affect.
    let expecting: Int?
    /// Who takes its rows later.
    let question: Int?
    /// BEGIN, COMMIT and savepoints are not worth a prepared statement.
    let isPrepared: Bool
    /// What the rows that it writes were taken to be. A debug build asks the server for them all the same, and compares.
    private(set) var expected: [Rows] = []
    private var returned: SQL?

    init(
        _ sql: SQL,
        _ parameters: EncodedParameters,
        expecting: Int? = nil,
        question: Int? = nil,
        isPrepared: Bool = true
    ) {
        self.text = .fixed(sql)
        self.parameters = parameters
        self.expecting = expecting
        self.question = question
        self.isPrepared = isPrepared
    }

    init(_ insert: RowInsert, _ parameters: EncodedParameters) {
        precondition(parameters.count == insert.columnCount, "a row has a value for each column, in their order")
        self.init("", parameters)
        self.text = .insert(insert, rows: 1)
    }

    static func command(_ sql: SQL) -> QueuedStatement {
        QueuedStatement(sql, .none, isPrepared: false)
    }

    var sql: SQL {
        let sql =
            switch self.text {
            case .fixed(let sql): sql
            case .insert(let insert, let rows): insert.statement(rows: rows)
            }
        return self.returned.map { sql + " RETURNING " + $0 } ?? sql
    }

    /// Has the row that it writes returned, to be compared with what it was taken to be.
    mutating func compare(with row: Rows, reading select: SQL) {
        self.expected = [row]
        self.returned = select
    }

    /// Takes in the row of a statement that inserts into the same columns; `false` where it is another statement, or there is no room.
    mutating func takeIn(_ next: QueuedStatement) -> Bool {
        guard case .insert(let insert, let rows) = self.text, case .insert(let other, rows: 1) = next.text,
            insert === other, self.returned == next.returned, rows < RowInsert.rowsMax
        else { return false }
        self.text = .insert(insert, rows: rows + 1)
        self.parameters.append(next.parameters)
        self.expected += next.expected
        return true
    }
}
