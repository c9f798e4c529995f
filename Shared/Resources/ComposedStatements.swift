internal import Postgres
internal import Synchronization

/// The statements that one way of composing has made, by the names of the columns they write: clients write the same few sets of
/// columns over and over, and composing a statement of twenty costs more than encoding its values.
final class ComposedStatements: Sendable {
    /// Clients choose the sets, so what is remembered has an end; then it begins anew.
    static let countMax = 256

    private let statements = Mutex<[[String]: SQL]>([:])

    func statement(for names: [String], _ compose: ([String]) -> SQL) -> SQL {
        if let known = self.statements.withLock({ $0[names] }) { return known }
        let composed = compose(names)
        self.statements.withLock { statements in
            if statements.count >= Self.countMax { statements.removeAll() }
            statements[names] = composed
        }
        return composed
    }

    var count: Int { self.statements.withLock { $0.count } }
}

extension SQL {
    /// `UPDATE table SET first, a = $4, b = $5` for the row `$2` of the organization `$1`; `first` takes the values from `$3` up to
    /// `count`.
    static func update(_ table: SQL, _ first: SQL, _ names: [String], behind count: Int) -> SQL {
        let assignments = names.enumerated().map { index, name in
            SQL(identifier: name) + " = " + SQL.parameter(count + index + 1)
        }
        return "UPDATE " + table + " SET " + ([first] + assignments).joined(separator: ", ")
            + " WHERE organization_id = $1 AND id = $2"
    }
}
