internal import Testing
internal import Vocabulary

@testable internal import Postgres

@Suite struct SQLTests {
    @Test func fragmentsComposeToOneText() {
        let columns: [SQL] = ["id", "name"]
        let sql =
            "SELECT " + columns.joined(separator: ", ") + " FROM " + SQL(identifier: "deal") + " WHERE id = "
            + .parameter(1)
        #expect(sql.text == "SELECT id, name FROM deal WHERE id = $1")
        #expect([SQL]().joined().text.isEmpty)
    }

    @Test func aParameterIsNumberedFromOne() async {
        await #expect(processExitsWith: .failure) { _ = SQL.parameter(0) }
    }

    @Test(arguments: ["deal; DROP TABLE deal", "Deal", "1deal", "", "d\"eal", "děal"])
    func anIdentifierIsPlain(_ name: String) async {
        await #expect(processExitsWith: .failure) { [name] in _ = SQL(identifier: name) }
    }

    @Test func aNULByteIsRefusedRatherThanCutOff() {
        #expect(throws: SQLFault.self) { try EncodedParameters([.text("a\0b")]) }
        #expect(throws: SQLFault.self) { try EncodedParameters([.json([0x22, 0, 0x22])]) }
        #expect(throws: SQLFault.self) { try EncodedParameters([.texts(["a\0"])]) }
    }
}
