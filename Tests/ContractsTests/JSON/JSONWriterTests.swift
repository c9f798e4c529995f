internal import Contracts
internal import Testing

/// The writer's exact bytes.
@Suite struct JSONWriterTests {
    private static func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 0)
        body(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test func `Commas stand between values and nowhere else`() {
        let text = Self.written { writer in
            writer.beginObject()
            writer.key("none" as StaticString)
            writer.beginArray()
            writer.endArray()
            writer.key("some" as String)
            writer.beginArray()
            writer.int(1)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.null()
            writer.endArray()
            writer.bool(true)
            writer.bool(false)
            writer.endArray()
            writer.key(JSONKey("o"))
            writer.beginObject()
            writer.key("s")
            writer.string("x")
            writer.key("t")
            writer.value(["a": ["2", 3]])
            writer.endObject()
            writer.key("last")
            writer.raw(Array("{\"is\":[raw]}".utf8))
            writer.endObject()
        }
        #expect(
            text
                == #"{"none":[],"some":[1,{},[null],true,false],"o":{"s":"x","t":{"a":["2",3]}},"last":{"is":[raw]}}"#
        )
    }

    @Test(
        "Strings are escaped where they must be",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#),
            ("\u{8}\u{9}\u{A}\u{C}\u{D}", #""\b\t\n\f\r""#), ("\u{0}\u{1}\u{B}\u{1F}", #""\u0000\u0001\u000b\u001f""#),
            ("\u{7F}\u{80}\u{2028}", "\"\u{7F}\u{80}\u{2028}\""), ("é😀", "\"é😀\""), ("</script>", #""</script>""#),
            ("a\"b", #""a\"b""#), ("12345678\n12345678\n", #""12345678\n12345678\n""#), ("\\u0041", #""\\u0041""#),
            ("a fairly long text, with a \"quoted\" part", #""a fairly long text, with a \"quoted\" part""#),
        ]
    )
    func strings(text: String, json: String) {
        #expect(Self.written { $0.string(text) } == json)
        #expect(Self.written { writer in Array(text.utf8).withUnsafeBytes { writer.string(utf8: $0) } } == json)
        let member = "{\(json):0}"
        for write in [{ $0.key(text) }, { $0.key(JSONKey(text)) }] as [(inout JSONWriter) -> Void] {
            let object = Self.written { writer in
                writer.beginObject()
                write(&writer)
                writer.int(0)
                writer.endObject()
            }
            #expect(object == member)
        }
    }

    @Test(arguments: [0, 7, -7, 10, 99, 100, -100, 1_234_567_890, Int64.max, Int64.min, Int64.min + 1] as [Int64])
    func `Integers are written in decimal`(value: Int64) {
        #expect(Self.written { $0.int(value) } == String(value))
    }

    @Test func `A text can follow bytes that are there, and raw memory can be a value`() {
        var writer = JSONWriter(after: [0, 0, 0, 9])
        writer.beginArray()
        [UInt8(ascii: "4"), UInt8(ascii: "2")].withUnsafeBytes { bytes in
            writer.raw(bytes)
            writer.raw(bytes)
        }
        writer.endArray()
        #expect(writer.bytes.count == 11)
        #expect(writer.finish() == [0, 0, 0, 9] + Array("[42,42]".utf8))
    }

    @Test func `A value made by hand is written in the order of its members`() {
        let value: JSON = ["z": 1, "a": [true, .null, "x"], "n": .number(JSONNumber(-3))]
        #expect(value.description == #"{"z":1,"a":[true,null,"x"],"n":-3}"#)
    }
}
