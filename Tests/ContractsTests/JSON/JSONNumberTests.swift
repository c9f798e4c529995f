internal import Contracts
internal import Testing

@Suite struct JSONNumberTests {
    @Test(
        "Integers are exact to the last digit",
        arguments: [
            ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("9007199254740991", 9_007_199_254_740_991),
            ("9007199254740993", 9_007_199_254_740_993), ("-9007199254740993", -9_007_199_254_740_993),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("2.0", 2), ("-0.0", 0),
            ("9007199254740993.000", 9_007_199_254_740_993),
        ]
    )
    func integers(text: String, value: Int64) throws {
        let number = try #require(JSON(parsing: text.utf8).number)
        #expect(number.int64 == value)
        #expect(number.text == text)
    }

    @Test(
        "A number that is not an integer of 64 bits keeps its text",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "9223372036854775808.0", "1e0", "1E2", "0.1", "-0.01",
            "1e400", "2.50",
            "3.141592653589793238462643383279", "123456789012345678901234567890",
        ]
    )
    func others(text: String) throws {
        let value = try JSON(parsing: "[\(text)]".utf8)
        #expect(value.array?[0].number?.text == text)
        #expect(value.array?[0].int64 == nil)
        #expect(value.description == "[\(text)]")
        #expect(JSONNumber(text)?.text == text)
    }

    @Test(
        "A number is made of nothing but a number",
        arguments: [
            "", " 1", "1 ", "01", "+1", "1.", ".5", "NaN", "-", "1e", "0x1", "1,2", "--1", "１", "1\u{0}", "∞", "1e+",
        ]
    )
    func refuses(text: String) {
        #expect(JSONNumber(text) == nil)
    }

    @Test func `Numbers are equal if they are written alike`() throws {
        #expect(JSONNumber("1.0") != JSONNumber("1"))
        #expect(JSONNumber("10") == JSONNumber(10))
        #expect(JSONNumber(Int64.min).text == "-9223372036854775808")
        #expect(JSON.int(5) == 5)
    }
}
