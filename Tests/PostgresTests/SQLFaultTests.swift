internal import Testing

@testable internal import Postgres

@Suite struct SQLFaultTests {
    @Test(arguments: [
        ("40001", true), ("40P01", true), ("55P03", true), ("57P01", true), ("08006", true), ("53300", true),
        ("23505", false), ("42601", false), ("22012", false),
    ])
    func aStateTellsWhetherTryingAgainHelps(_ state: String, _ expected: Bool) {
        #expect(SQLFault(.server, state: state, "").isTransient == expected)
    }

    @Test(arguments: [
        (SQLFault(.deadline, ""), true), (SQLFault(.cancelled, ""), true), (SQLFault(.outcomeUnknown, ""), true),
        (SQLFault(.poolExhausted, ""), true), (SQLFault(.connection, ""), true),
        (SQLFault(.server, state: "57014", "statement timeout"), true), (SQLFault(.server, state: "23505", ""), false),
        (SQLFault(.decode, ""), false), (SQLFault(.expectation, ""), false),
    ])
    func whatIsOfTheMomentSaysNothingOfTheStatement(_ fault: SQLFault, _ expected: Bool) {
        #expect(fault.isOfTheMoment == expected)
    }

    @Test(arguments: [
        (SQLFault(.connection, ""), true), (SQLFault(.poolExhausted, ""), true),
        (SQLFault(.server, state: "57P01", ""), true), (SQLFault(.server, state: "25006", ""), true),
        (SQLFault(.server, state: "53100", ""), true), (SQLFault(.server, state: "40P01", ""), false),
        (SQLFault(.server, state: "57014", ""), false), (SQLFault(.deadline, ""), false),
    ])
    func whatIsOfTheServerMeetsEverybody(_ fault: SQLFault, _ expected: Bool) {
        #expect(fault.isOfTheServer == expected)
    }

    @Test func anUnknownOutcomeIsNeverTransient() {
        #expect(!SQLFault(.outcomeUnknown, state: "57P01", "").isTransient)
    }

    @Test func aLogHasTheMessageAndTheConstraint() {
        let fault = SQLFault(.server, state: "23505", "duplicate key value", constraint: "contact__email_key")
        #expect("\(fault)" == "server 23505 (contact__email_key): duplicate key value")
    }

    @Test func aMessageThatQuotesAValueStaysOutOfTheLog() {
        let fault = SQLFault(.server, state: "22P02", #"invalid input syntax for type uuid: "jane@acme.example""#)
        #expect("\(fault)" == "server 22P02: [withheld]")
    }
}
