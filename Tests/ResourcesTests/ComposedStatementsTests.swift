internal import Postgres
internal import Testing

@testable internal import Resources

@Suite struct ComposedStatementsTests {
    @Test func `a set of columns is composed once, and its order counts`() {
        let statements = ComposedStatements()
        var composed: [[String]] = []
        for names in [["a", "b"], ["b", "a"], ["a", "b"], []] {
            let sql = statements.statement(for: names) { names in
                composed.append(names)
                return names.map(SQL.init(identifier:)).joined(separator: ", ")
            }
            #expect(sql.description == names.joined(separator: ", "))
        }
        #expect(composed == [["a", "b"], ["b", "a"], []])
    }

    @Test func `what is remembered has an end`() {
        let statements = ComposedStatements()
        for number in 0...ComposedStatements.countMax {
            _ = statements.statement(for: ["column_\(number)"]) { _ in "SELECT 1" }
        }
        #expect(statements.count == 1)
    }
}
