internal import Synchronization

/// An INSERT of whole rows. Those that are queued one behind the other go into one statement: the server's work around a statement
/// is more than its work for a row.
public final class RowInsert: Sendable {
    /// The most rows in one statement. Each number of them is a statement of its own, which a connection prepares and keeps as any other.
    static let rowsMax = 16

    private let table: SQL
    private let columns: [SQL]
    /// By the number of rows less one, composed when first needed.
    private let statements = Mutex([SQL?](repeating: nil, count: rowsMax))

    public init(into table: SQL, _ columns: [SQL]) {
        self.table = table
        self.columns = columns
    }

    var columnCount: Int { self.columns.count }

    func statement(rows: Int) -> SQL {
        self.statements.withLock { statements in
            if let composed = statements[rows - 1] { return composed }
            let composed = SQL.insert(into: self.table, self.columns, rows: rows)
            statements[rows - 1] = composed
            return composed
        }
    }
}

extension SQL {
    /// `INSERT INTO table (a, b) VALUES ($1, $2), ($3, $4)`.
    public static func insert(into table: SQL, _ columns: [SQL], rows: Int = 1) -> SQL {
        let values = (0..<rows).map { row -> SQL in
            let places = (1...columns.count).map { SQL.parameter(row * columns.count + $0) }
            return "(" + places.joined(separator: ", ") + ")"
        }
        return "INSERT INTO " + table + " (" + columns.joined(separator: ", ") + ") VALUES "
            + values.joined(separator: ", ")
    }
}
