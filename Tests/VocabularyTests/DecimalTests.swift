internal import Testing
internal import Vocabulary

@Suite struct DecimalTests {
    @Test(arguments: [
        ("0", 0, "0"), ("1", 10_000, "1"), ("2.5", 25_000, "2.5"), ("2.5000", 25_000, "2.5"),
        ("-0.0001", -1, "-0.0001"),
        ("0.0001", 1, "0.0001"), ("922337203685477.5807", Int64.max, "922337203685477.5807"), ("-0", 0, "0"),
        ("100", 1_000_000, "100"),
    ])
    func readsQuantities(text: String, scaled: Int64, printed: String) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.scaled == scaled)
        #expect(quantity.description == printed)
    }

    @Test(arguments: [
        "", "-", ".", ".5", "5.", "1e3", "+1", "01", "1,5", " 1", "1 ", "0.00001", "922337203685477.5808", "1.2.3",
        "--1",
        "٣", "99999999999999999999",
    ])
    func refusesAnythingElse(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test(arguments: [("0.19", 190_000), ("0.077", 77_000), ("0.000001", 1), ("1", 1_000_000)])
    func readsRates(text: String, scaled: Int64) throws {
        let rate = try #require(Rate(text))
        #expect(rate.scaled == scaled)
        #expect(rate.description == text)
    }

    @Test func comparesByValue() throws {
        #expect(try #require(Quantity("1.5")) > .one)
        #expect(try #require(Rate("0.5")) < .one)
        #expect(Rate("0.0000001") == nil)
    }
}
