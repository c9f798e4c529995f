import Testing

@testable import Postgres

@Suite struct SQLTests {
    @Test func fragmentsComposeToOneText() {
        let columns: [SQL] = ["id", "name"]
        let sql = "SELECT " + columns.joined(separator: ", ") + " FROM " + SQL(identifier: "deal") + " WHERE id = " + .parameter(1)
        #expect(sql.text == "SELECT id, name FROM deal WHERE id = $1")
    }
}
