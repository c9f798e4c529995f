internal import Testing
internal import Vocabulary

@Suite struct CurrencyTests {
    @Test(arguments: [("USD", 2, 100), ("JPY", 0, 1), ("KWD", 3, 1_000), ("CLF", 4, 10_000)])
    func knowsTheMinorUnit(code: String, exponent: Int, minorPerMajor: Int64) throws {
        let currency = try #require(Currency(code))
        #expect(currency.exponent == exponent)
        #expect(currency.minorPerMajor == minorPerMajor)
        #expect(currency.description == code)
    }

    @Test(arguments: ["", "usd", "US", "USDD", "XTS", "XAU", "XPT", "ABC"])
    func refusesWhatNobodyPaysIn(code: String) {
        #expect(Currency(code) == nil)
    }

    @Test func listsEachOnce() {
        #expect(Currency.all.count == Set(Currency.all).count)
        #expect(Currency.all.allSatisfy { $0.code.utf8.count == 3 })
        #expect(Currency.all.contains(.usd))
    }
}
