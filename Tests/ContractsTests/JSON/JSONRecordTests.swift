internal import Contracts
internal import Testing

/// Rows as a database sends them, written in one piece.
@Suite struct JSONRecordTests {
    @Test func `Members are written in their order, and null is null in every form`() {
        let all: [RecordColumn] = [
            ("s", .text), ("n", .json), ("yes", .boolean), ("no", .boolean), ("at", .instant), ("o", .json),
        ]
        let values = ["é \u{7F}", "-12", "t", "f", "2026-11-22 23:54:34.12+00", #"{"a": [1]}"#]
        #expect(
            Record(all).text(of: values)
                == #"{"s":"é \#u{7F}","n":-12,"yes":true,"no":false,"at":"2026-11-22T23:54:34.120000Z","o":{"a": [1]}}"#
        )
        #expect(
            Record(all).text(of: all.map { _ in nil })
                == #"{"s":null,"n":null,"yes":null,"no":null,"at":null,"o":null}"#
        )
        #expect(Record([]).text(of: []) == "{}")
    }

    @Test func `An empty text is not null, wherever it stands`() {
        let record = Record([("a", .text), ("b", .text), ("c", .text)])
        #expect(record.text(of: ["", nil, ""]) == #"{"a":"","b":null,"c":""}"#)
        #expect(record.text(of: [nil, "", nil]) == #"{"a":null,"b":"","c":null}"#)
    }

    @Test(
        "Instants get a T, six places and a Z",
        arguments: [
            ("2026-11-22 23:54:34+00", "2026-11-22T23:54:34.000000Z"),
            ("2026-11-22 23:54:34.1+00", "2026-11-22T23:54:34.100000Z"),
            ("2026-11-22 23:54:34.12+00", "2026-11-22T23:54:34.120000Z"),
            ("2026-11-22 23:54:34.123+00", "2026-11-22T23:54:34.123000Z"),
            ("2026-11-22 23:54:34.1234+00", "2026-11-22T23:54:34.123400Z"),
            ("2026-11-22 23:54:34.12345+00", "2026-11-22T23:54:34.123450Z"),
            ("2026-11-22 23:54:34.123456+00", "2026-11-22T23:54:34.123456Z"),
            ("0001-01-01 00:00:00.000001+00", "0001-01-01T00:00:00.000001Z"),
            // What has no such form is shown as it is, and never as another moment.
            ("infinity", "infinity"), ("-infinity", "-infinity"), ("", ""), ("+00", "+00"),
            ("12026-11-22 23:54:34.123456+00", "12026-11-22 23:54:34.123456+00"),
            ("2026-11-22 23:54:34.123456+02", "2026-11-22 23:54:34.123456+02"),
            ("2026-11-22 23:54:34+05:30", "2026-11-22 23:54:34+05:30"),
            ("0044-03-15 12:00:00+00 BC", "0044-03-15 12:00:00+00 BC"),
        ]
    )
    func instants(text: String, shown: String) {
        #expect(Record([("a", .instant), ("b", .json)]).text(of: [text, "1"]) == #"{"a":"\#(shown)","b":1}"#)
    }

    @Test(arguments: ["\"", "\\", "\n", "\u{0}", "\u{1F}", "é", "\u{7F}", "😀"])
    func `A byte is escaped or left alone at every place in texts of every length`(odd: String) {
        let record = Record([("before", .text), ("text", .text), ("after", .json)])
        for length in 0...64 {
            let plain = String(repeating: "x", count: length)
            for place in 0...length {
                var text = plain
                text.insert(contentsOf: odd, at: text.index(text.startIndex, offsetBy: place))
                let values = ["b", text, "1"]
                guard record.text(of: values) == record.expected(values) else {
                    Issue.record("\(odd.debugDescription) at \(place) of \(length): \(record.text(of: values))")
                    return
                }
            }
        }
    }

    @Test func `Every byte below a space, quotes and backslashes are escaped, in each member of a row`() {
        let record = Record((0..<5).map { ("m\($0)", .text) })
        for scalar in (0..<0x80 as Range<UInt8>).map(Unicode.Scalar.init) {
            for index in 0..<5 {
                var values: [String?] = ["", "plain", nil, "a text of more than sixteen bytes", "é"]
                values[index] = (values[index] ?? "") + String(Character(scalar))
                #expect(record.text(of: values) == record.expected(values))
            }
        }
        let values = (0..<5).map { _ in "\"\n\"" }
        #expect(record.text(of: values) == record.expected(values))
    }

    @Test(arguments: [0, 1, 15, 16, 17, 255, 4_096, 100_000, 1_000_000])
    func `Rows of every size grow what they are written into`(length: Int) {
        let record = Record([("id", .text), ("text", .text), ("json", .json), ("more", .text)])
        let long =
            String(repeating: "0123456789abcde ", count: length / 16) + String(repeating: "!", count: length % 16)
        for values in [
            ["1", long, "{}", "2"], ["1", "x", "[\"\(long)\"]", ""], [long, long, nil, long + "\"" + long],
        ] {
            #expect(record.text(of: values) == record.expected(values))
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `Random rows are what a plain writer makes of them`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let forms: [JSONRecord.Form] = [.text, .text, .text, .json, .boolean, .instant]
        for _ in 0..<20 {
            let columns = (0..<Int.random(in: 0..<30, using: &random)).map { index in
                (name: "\(index)" + RandomJSON.text(&random), form: forms.randomElement(using: &random) ?? .text)
            }
            let record = Record(columns)
            for _ in 0..<5 {
                let values = columns.map { Self.value($0.form, &random) }
                #expect(record.text(of: values) == record.expected(values))
                for index in columns.indices {
                    #expect(record.text(of: values, member: index) == record.expected(values, member: index))
                }
            }
        }
    }

    private static func value(_ form: JSONRecord.Form, _ random: inout SplitMix64) -> String? {
        guard Int.random(in: 0..<4, using: &random) > 0 else { return nil }
        switch form {
        case .text: return RandomJSON.text(&random)
        case .json: return RandomJSON.value(depth: 2, &random).description
        case .boolean: return Bool.random(using: &random) ? "t" : "f"
        case .instant:
            let places = Int.random(in: 0...6, using: &random)
            return "2026-11-22 23:54:34" + (places > 0 ? "." + "987654".prefix(places) : "") + "+00"
        }
    }

    @Test func `Members stand behind those that are there, and others behind them`() {
        let record = Record([("a", .text), ("b", .json)])
        var writer = JSONWriter()
        writer.beginArray()
        for _ in 0..<2 {
            writer.beginObject()
            writer.key("first")
            writer.int(1)
            record.write(["x\"", "2"], into: &writer)
            writer.key("last")
            writer.int(3)
            writer.endObject()
        }
        writer.endArray()
        let object = #"{"first":1,"a":"x\"","b":2,"last":3}"#
        #expect(String(decoding: writer.finish(), as: UTF8.self) == "[\(object),\(object)]")
    }
}

typealias RecordColumn = (name: String, form: JSONRecord.Form)

/// A record with what another writer, which is plain and slow, makes of the same values.
private struct Record {
    let columns: [RecordColumn]
    let record: JSONRecord

    init(_ columns: [RecordColumn]) {
        self.columns = columns
        self.record = JSONRecord(columns)
    }

    /// Lends each value from an allocation of exactly its length.
    func lend(_ values: [String?], _ body: (JSONRecord.Values) -> Void) {
        let lent = values.map { value -> UnsafeRawBufferPointer in
            guard let value else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: value.utf8.count, alignment: 1)
            bytes.copyBytes(from: value.utf8)
            return UnsafeRawBufferPointer(bytes)
        }
        lent.withUnsafeBufferPointer(body)
        for bytes in lent { bytes.deallocate() }
    }

    func write(_ values: [String?], into writer: inout JSONWriter) {
        self.lend(values) { self.record.write($0, into: &writer) }
    }

    func text(of values: [String?], member: Int? = nil) -> String {
        var writer = JSONWriter(capacity: 0)
        writer.beginObject()
        self.lend(values) { values in
            if let member {
                self.record.write(values, member: member, into: &writer)
            } else {
                self.record.write(values, into: &writer)
            }
        }
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    func expected(_ values: [String?], member: Int? = nil) -> String {
        let members = zip(self.columns, values).map { column, value in
            "\(Self.quoted(column.name)):\(value.map { Self.shown($0, column.form) } ?? "null")"
        }
        return "{" + (member.map { [members[$0]] } ?? members).joined(separator: ",") + "}"
    }

    private static func shown(_ value: String, _ form: JSONRecord.Form) -> String {
        switch form {
        case .text: return self.quoted(value)
        case .json: return value
        case .boolean: return value == "t" ? "true" : "false"
        case .instant:
            let moment = value.dropLast(3).split(separator: ".")
            let places = moment.count > 1 ? String(moment[1]) : ""
            let zeros = String(repeating: "0", count: 6 - places.count)
            return "\"\(moment[0].split(separator: " ").joined(separator: "T")).\(places)\(zeros)Z\""
        }
    }

    private static func quoted(_ text: String) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "\u{8}": "\\b", "\t": "\\t", "\n": "\\n", "\u{C}": "\\f", "\r": "\\r",
        ]
        let escaped = text.unicodeScalars.map { scalar in
            if let escape = short[scalar] { return escape }
            let digits = String(scalar.value, radix: 16)
            return scalar.value < 0x20
                ? "\\u" + String(repeating: "0", count: 4 - digits.count) + digits : String(scalar)
        }
        return "\"" + escaped.joined() + "\""
    }
}
