internal import Contracts
internal import Logging
internal import Telemetry
internal import Testing
internal import Vocabulary

@Suite struct InputMetadataTests {
    private static let fields: [Field] = [
        .identifier("id"), .email("email"), .text("phone", max: 40, .phone), .text("password", max: 128, .password),
        .text("tax_id", max: 64).redacted(.taxID), .text("token", max: 64).redacted(.token),
        .text("signature_text", max: 500).redacted(.signature), .text("notes", max: 500).redacted(.content),
        .text("signer", max: 200).redacted(.name), .text("title", max: 200), .integer("amount", 0...9),
        .boolean("sure"),
        .document("extra"), .list("copies", of: .text(TextRule(lengthMax: 254, format: .email)), countMax: 50),
        .list("recipients", of: [.email("email"), .text("role", max: 20)], countMax: 50),
        .object("terms", [.text("reference", max: 20), .text("iban", max: 34).redacted(.taxID)]),
        .object("sealed", [.text("reference", max: 20)]).redacted(.signature),
        .list("codes", of: .integer(0...99), countMax: 50).redacted(.token),
    ]

    private static func shown(_ name: String, _ value: Value) -> Logger.MetadataValue? {
        guard case .dictionary(let members) = Logger.MetadataValue.input(Values([name: value]), declaredBy: Self.fields)
        else { return nil }
        return members[name]
    }

    private static let examples: [(name: String, value: Value, shown: Logger.MetadataValue)] = [
        ("email", .text("jane@acme.example"), "***@acme.example"),
        ("email", .null, "null"),
        ("phone", .text("+1 555 010 1234"), "***1234"),
        ("password", .text("pw_correct horse"), "[withheld]"),
        ("tax_id", .text("DE123456789"), "***6789"),
        ("token", .text("tk_c2VjcmV0"), "tk_***"),
        ("signature_text", .text("Jane Doe"), "[withheld]"),
        ("notes", .text("she is leaving"), "[withheld]"),
        ("signer", .text("Jane Doe"), "[withheld]"),
        ("title", .text("First deal"), "First deal"),
        ("amount", .integer(7), "7"),
        ("sure", .boolean(true), "true"),
        ("extra", .document(["a": "jane@acme.example"]), "[withheld]"),
        ("copies", .list([.text("jane@acme.example")]), ["***@acme.example"]),
        (
            "recipients", .list([.object(Values(["email": .text("jane@acme.example"), "role": .text("signer")]))]),
            [["email": "***@acme.example", "role": "signer"]]
        ),
        (
            "terms", .object(Values(["reference": .text("R 1"), "iban": .text("DE89370400440532013000")])),
            ["reference": "R 1", "iban": "***3000"]
        ),
        ("sealed", .object(Values(["reference": .text("R 1")])), "[withheld]"),
        ("codes", .list([.integer(12)]), ["***"]),
        ("undeclared", .text("anything"), "[withheld]"),
    ]

    @Test(arguments: Self.examples)
    func `a value enters a log by the rule of the field that declares it`(
        name: String,
        value: Value,
        shown: Logger.MetadataValue
    ) {
        #expect(Self.shown(name, value) == shown)
    }

    @Test func `a long list is shown by its first elements and counted`() {
        let list = Value.list(Array(repeating: .text("jane@acme.example"), count: 50))
        guard case .array(let elements)? = Self.shown("copies", list) else {
            Issue.record("no list")
            return
        }
        #expect(elements.count == 11)
        #expect(elements.last == "… 50")
    }
}
