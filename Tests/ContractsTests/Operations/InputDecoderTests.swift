internal import Contracts
internal import Testing
internal import Vocabulary

@Suite struct InputDecoderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: Field.Kind
        let json: JSON
        /// The code of the refusal; `nil` where the value is accepted.
        let code: String?
        var testDescription: String { "\(self.json) as \(self.kind)" }
    }

    private static let id = "0198c0de-0000-7000-8000-000000000001"

    static let cases: [Case] = [
        Case(kind: .text(TextRule(lengthMax: 3)), json: "äöü", code: nil),
        Case(kind: .text(TextRule(lengthMax: 3)), json: "äöüx", code: "too_long"),
        Case(kind: .text(TextRule(lengthMax: 3)), json: "", code: "blank"),
        Case(kind: .text(TextRule(lengthMin: 2, lengthMax: 3)), json: "a", code: "too_short"),
        Case(kind: .text(TextRule(lengthMax: 9)), json: "a\u{7}", code: "character"),
        Case(kind: .text(TextRule(lengthMax: 9)), json: "a\u{1b}[2J", code: "character"),
        Case(kind: .text(TextRule(lengthMax: 9)), json: "a\u{9b}2J", code: "character"),
        Case(kind: .text(TextRule(lengthMax: 9)), json: "a\tb\r\nc", code: nil),
        Case(kind: .text(TextRule(lengthMax: 9)), json: "家族 👨\u{200d}👩", code: nil),
        Case(kind: .text(TextRule(lengthMax: 9, format: .password)), json: "        ", code: nil),
        Case(kind: .text(TextRule(lengthMax: 3)), json: "a\u{0}", code: "character"),
        Case(kind: .text(TextRule(lengthMax: 3)), json: 1, code: "type"),
        Case(kind: .text(TextRule(lengthMax: 254, format: .email)), json: "ada@example.com", code: nil),
        Case(kind: .text(TextRule(lengthMax: 254, format: .email)), json: "ada@localhost", code: "email"),
        Case(kind: .text(TextRule(lengthMax: 254, format: .email)), json: "a da@example.com", code: "email"),
        Case(kind: .text(TextRule(lengthMax: 99, format: .uri)), json: "javascript:alert(1)", code: "uri"),
        Case(kind: .text(TextRule(lengthMax: 99, format: .phone)), json: "+49 30 123456", code: nil),
        Case(kind: .text(TextRule(lengthMax: 99, format: .phone)), json: "call me", code: "phone"),
        Case(kind: .text(TextRule(lengthMax: 3, format: .currency)), json: "XYZ", code: "currency"),
        Case(kind: .text(TextRule(lengthMax: 64, format: .sha256)), json: "abc", code: "sha256"),
        Case(kind: .integer(0...10), json: 10, code: nil),
        Case(kind: .integer(0...10), json: 11, code: "out_of_range"),
        Case(kind: .integer(0...10), json: .string("1"), code: "type"),
        Case(kind: .integer(Int64.min...Int64.max), json: .int(Int64.max), code: nil),
        Case(kind: .document(bytesMax: 99), json: ["a": [1, "b", .null]], code: nil),
        Case(kind: .document(bytesMax: 99), json: ["a": .number(JSONNumber("-1.5e40") ?? JSONNumber(0))], code: nil),
        Case(
            kind: .document(bytesMax: 99),
            json: ["a": .number(JSONNumber("1e100000") ?? JSONNumber(0))],
            code: "number"
        ),
        Case(
            kind: .document(bytesMax: 99),
            json: ["a": .number(JSONNumber("1E-99999999999999999999") ?? JSONNumber(0))],
            code: "number"
        ),
        Case(kind: .document(bytesMax: 99), json: ["a": [["b": "\u{0}"]]], code: "character"),
        Case(kind: .document(bytesMax: 99), json: ["a\u{0}": 1], code: "character"),
        Case(kind: .document(bytesMax: 9), json: ["a": "1234567890"], code: "too_large"),
        Case(kind: .boolean, json: true, code: nil),
        Case(kind: .boolean, json: "true", code: "type"),
        Case(kind: .decimal(places: 4), json: "-12.3456", code: nil),
        Case(kind: .decimal(places: 4), json: "1.23456", code: "decimal"),
        Case(kind: .decimal(places: 4), json: "1e3", code: "decimal"),
        Case(kind: .decimal(places: 4), json: "1.", code: "decimal"),
        Case(kind: .decimal(places: 4), json: 1, code: "type"),
        Case(kind: .identifier, json: .string(id), code: nil),
        Case(kind: .identifier, json: "0198c0de", code: "uuid"),
        Case(kind: .instant, json: "2026-11-22T10:00:00+01:00", code: nil),
        Case(kind: .instant, json: "2026-11-22", code: "instant"),
        Case(kind: .date, json: "2024-02-29", code: nil),
        Case(kind: .date, json: "2026-02-29", code: "date"),
        Case(kind: .choice(["a", "b"]), json: "a", code: nil),
        Case(kind: .choice(["a", "b"]), json: "A", code: "choice"),
        Case(kind: .list(.integer(0...9), countMax: 2), json: [1, 2], code: nil),
        Case(kind: .list(.integer(0...9), countMax: 2), json: [1, 2, 3], code: "too_many"),
        Case(kind: .list(.integer(0...9), countMax: 2), json: [1, "x"], code: "type"),
        Case(kind: .object([.integer("n", 0...9).required()]), json: ["n": 1], code: nil),
        Case(kind: .object([.integer("n", 0...9).required()]), json: [:], code: "required"),
        Case(kind: .document(bytesMax: 9), json: ["a": 1], code: nil),
        Case(kind: .document(bytesMax: 9), json: ["abcdefgh": 1], code: "too_large"),
        Case(kind: .document(bytesMax: 9), json: [1], code: "type"),
    ]

    @Test(arguments: cases)
    func `A value is accepted or refused by its kind`(_ test: Case) {
        var decoder = InputDecoder()
        let values = decoder.object(["f": test.json], [Field("f", test.kind)])
        #expect(decoder.problems.map(\.code) == (test.code.map { [$0] } ?? []))
        if test.code == nil { #expect(values["f"]?.json == test.json || test.kind == .instant) }
    }

    @Test(
        arguments: [
            " ", "\t\n", "\u{a0}\u{2003}", "\u{3000}", "\u{200b}", "\u{feff}", "\u{2060} \u{ad}", "\u{85}", "\u{3164}",
        ]
    )
    func `A text of which nothing is seen is blank wherever it stands`(text: String) {
        let required = [
            Field.text("name", max: 20).required(), .list("tags", of: .text(TextRule(lengthMax: 9)), countMax: 9),
        ]
        var decoder = InputDecoder()
        _ = decoder.object(["name": .string(text), "tags": ["a", .string(text)]], required)
        #expect(decoder.problems.map(\.code) == ["blank", "blank"])
        #expect(decoder.problems.map(\.pointer) == ["/name", "/tags/1"])
        var patch = InputDecoder()
        _ = patch.object(["name": .string(text)], required, mode: .mergePatch)
        #expect(patch.problems.map(\.code) == ["blank"])
        var parameter = InputDecoder()
        _ = parameter.parameter(text, required[0].kind, at: "/query/name")
        #expect(parameter.problems.map(\.code) == ["blank"])
    }

    @Test(
        arguments: [
            (" Acme ", "Acme"), ("\u{a0}Acme & Co\u{2003}\n", "Acme & Co"), ("\tA\n\nB ", "A\n\nB"), ("Acme", "Acme"),
            ("Ärzte ", "Ärzte"), (" é\u{301}", "é\u{301}"),
        ]
    )
    func `White space around a text is no part of it`(sent: String, kept: String) {
        var decoder = InputDecoder()
        let values = decoder.object(["f": .string(sent)], [.text("f", max: kept.unicodeScalars.count)])
        #expect(decoder.problems.isEmpty)
        #expect(values["f"] == .text(kept))
    }

    @Test func `A password is taken to the letter`() {
        var decoder = InputDecoder()
        let values = decoder.object(["p": " two words "], [.text("p", max: 99, .password)])
        #expect(values["p"] == .text(" two words "))
    }

    @Test func `Pointers lead to the place, whatever its name`() {
        var decoder = InputDecoder()
        let fields: [Field] = [.list("lines", of: [.integer("n", 0...9).required()], countMax: 9)]
        _ = decoder.object(["lines": [["n": 1], ["n": 10], [:], 4], "a/b~c": 1], fields)
        #expect(decoder.problems.map(\.pointer) == ["/lines/1/n", "/lines/2/n", "/lines/3", "/a~1b~0c"])
    }

    @Test func `Defaults fill in a whole object, not a patch`() {
        let fields: [Field] = [
            .integer("n", 0...9).defaulting(to: 4), .text("t", max: 3).required(), .text("c", max: 3).onCreate(),
        ]
        var decoder = InputDecoder()
        #expect(decoder.object(["t": "x"], fields)["n"] == .integer(4))
        #expect(decoder.object([:], fields, mode: .mergePatch).isEmpty)
        #expect(decoder.problems.isEmpty)
        _ = decoder.object(["c": "x", "t": .null], fields, mode: .mergePatch)
        #expect(decoder.problems.map(\.code) == ["required", "read_only"])
    }

    @Test func `No more problems are collected than anybody reads`() {
        var decoder = InputDecoder()
        _ = decoder.object(.object(JSONObject((0..<500).map { (key: "f\($0)", value: .null) })), [])
        #expect(decoder.problems.count == InputDecoder.problemsMax)
    }

    @Test(
        arguments: [
            (#"{"a":1}"#, #"{"a":2}"#, #"{"a":2}"#), (#"{"a":1}"#, #"{"a":null}"#, "{}"),
            (#"{"a":1}"#, #"{"b":2}"#, #"{"a":1,"b":2}"#),
            (#"{"a":[1]}"#, #"{"a":[2,3]}"#, #"{"a":[2,3]}"#),
            (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":null}}"#, #"{"a":{"c":2}}"#),
            (#"{"a":"x"}"#, #"{"a":{"b":null,"c":1}}"#, #"{"a":{"c":1}}"#), (#"[1]"#, #"{"a":1}"#, #"{"a":1}"#),
            (#"{"a":1}"#, "[2]", "[2]"),
        ]
    )
    func `A merge patch does what RFC 7396 says`(target: String, patch: String, result: String) throws {
        let merged = try JSON(parsing: Array(target.utf8)).merged(with: try JSON(parsing: Array(patch.utf8)))
        #expect(merged == (try JSON(parsing: Array(result.utf8))))
    }
}
