internal import Contracts
internal import Testing

struct HeadTests {
    @Test("every kind is written as the document says, and read back", arguments: HeadExamples.all)
    func examples(head: Head, text: String) throws {
        var bytes: [UInt8] = []
        HeadEncoder.append(head, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        #expect(try HeadDecoder.decode(bytes) == head)
    }

    @Test("the examples cover every kind")
    func coverage() {
        #expect(Set(HeadExamples.all.map(\.0.kind)) == Set(Head.Kind.allCases))
    }

    @Test(
        "fields in any order, white space, escapes in names, null and unknown fields are accepted",
        arguments: [
            #"{"id":3,"kind":"item"}"#,
            " {\n\t\"kind\" : \"item\" , \"id\" : 3 }\r\n",
            #"{"k\u0069nd":"item","id":3}"#,
            #"{"kind":"it\u0065m","id":3,"etag":null}"#,
            #"{"kind":"item","id":3,"later":{"a":[1,2.5e-3,{"b":null}],"c":"\ud83d\ude00"},"more":-0.1E+7}"#,
        ]
    )
    func accepted(text: String) throws {
        #expect(try HeadDecoder.decode(Array(text.utf8)) == .item(id: 3))
    }

    @Test("what is not such an object is refused", arguments: HeadExamples.refused)
    func refusals(text: String, why: String) {
        #expect(throws: FrameFault.self, "\(why)") { try HeadDecoder.decode(Array(text.utf8)) }
    }

    @Test("depth 8 is the deepest that is skipped")
    func depth() throws {
        let text = #"{"kind":"ping","x":"# + String(repeating: "[", count: 8) + String(repeating: "]", count: 8) + "}"
        #expect(try HeadDecoder.decode(Array(text.utf8)) == .ping)
    }

    @Test("invalid UTF-8 is refused, in the first eight bytes and in the last", arguments: [2, 9, 14])
    func invalidUTF8(index: Int) {
        var bytes = Array(#"{"kind":"ping"}"#.utf8)
        bytes[index] = 0xff
        #expect(throws: FrameFault(.headInvalid, "the head is not UTF-8")) { try HeadDecoder.decode(bytes) }
    }

    @Test("an unknown kind has its own code")
    func unknownKind() {
        #expect(throws: FrameFault(.unknownKind, "unknown kind")) {
            try HeadDecoder.decode(Array(#"{"kind":"hola"}"#.utf8))
        }
    }

    @Test("more than 32 unknown fields, or 128 parameters, are refused")
    func counts() throws {
        func head(unknown count: Int) -> [UInt8] {
            Array((#"{"kind":"ping""# + (0..<count).map { #","x\#($0)":0"# }.joined() + "}").utf8)
        }
        #expect(try HeadDecoder.decode(head(unknown: 32)) == .ping)
        #expect(throws: FrameFault.self) { try HeadDecoder.decode(head(unknown: 33)) }
        func call(parameters count: Int) -> [UInt8] {
            let members = (0..<count).map { #""p\#($0)":"""# }.joined(separator: ",")
            return Array(#"{"kind":"call","id":1,"operation":"a/1","parameters":{\#(members)}}"#.utf8)
        }
        #expect(throws: Never.self) { try HeadDecoder.decode(call(parameters: 128)) }
        #expect(throws: FrameFault.self) { try HeadDecoder.decode(call(parameters: 129)) }
    }
}
