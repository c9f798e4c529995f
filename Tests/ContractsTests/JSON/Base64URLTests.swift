internal import Contracts
internal import Testing

@Suite struct Base64URLTests {
    @Test(
        "The texts of RFC 4648, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"), ("???>>>", "Pz8_Pj4-"),
        ]
    )
    func vectors(bytes: String, text: String) {
        #expect(Base64URL.encode(Array(bytes.utf8)) == text)
        #expect(Base64URL.encoded(Array(bytes.utf8)) == Array(text.utf8))
        #expect(Base64URL.decode(text) == Array(bytes.utf8))
    }

    @Test(
        "A second spelling of the same bytes is refused",
        arguments: [
            "Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "Zm 9", "Zm9v\n", "Pz8/", "Pj4+", "Zm9*", "é", "Zm\u{0}v", "_",
        ]
    )
    func refuses(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(arguments: 0...64)
    func `Every length comes back`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
}
