internal import Contracts
internal import Testing

@Suite struct JSONPointerTests {
    @Test(
        "Names are escaped as RFC 6901 has it",
        arguments: [
            ("foo", "foo"), ("", ""), ("a/b", "a~1b"), ("m~n", "m~0n"), ("~1", "~01"), ("/~/", "~1~0~1"),
            ("c%d", "c%d"),
            ("é/\"", "é~1\""), ("k\\l", "k\\l"),
        ]
    )
    func escaping(name: String, step: String) {
        #expect(JSONPointer.escaped(name) == step)
        #expect(JSONPointer.root.appending(name).text == "/" + step)
    }

    @Test func `A pointer is built step by step`() {
        #expect(JSONPointer.root.description == "")
        #expect(JSONPointer.root.appending("lines").appending(3).appending("unit/price").text == "/lines/3/unit~1price")
    }
}
