internal import Testing
internal import Vocabulary

@Suite struct HexadecimalTests {
    @Test func everyByteComesBackAsItWent() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(Hexadecimal.encode([0, 10, 255]) == "000aff")
        #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        #expect(Hexadecimal.encode([]) == "")
        #expect(Hexadecimal.decode("") == [])
    }

    @Test(arguments: ["0", "0g", "0A", " 00", "é"])
    func anotherSpellingIsNone(_ text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}
