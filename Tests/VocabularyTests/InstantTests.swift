internal import Testing
internal import Vocabulary

@Suite struct InstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-22T23:54:34.123456Z", 1_795_391_674_123_456),
        ("2026-11-22T23:54:34.123456789Z", 1_795_391_674_123_456),
        ("2026-11-23T00:54:34.123456+01:00", 1_795_391_674_123_456),
        ("2026-11-22t18:24:34.123456-05:30", 1_795_391_674_123_456),
        ("2000-02-29T12:00:00z", 951_825_600_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func readsRFC3339(text: String, microseconds: Int64) throws {
        #expect(try #require(Instant(text)).microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T23:54:34", "2026-11-22 23:54:34Z", "2026-02-29T00:00:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-11-22T23:59:60Z", "2026-11-22T23:59:59.Z",
        "2026-11-22T23:59:59.1234567890Z", "2026-11-22T23:59:59+1:00", "2026-11-22T23:59:59+24:00",
        "2026-11-22T23:59:59ZZ", "0001-01-01T00:00:00+01:00", "９999-12-31T23:59:59Z",
    ])
    func refusesAnythingElse(text: String) {
        #expect(Instant(text) == nil)
    }

    @Test(arguments: [0, 1, -1, 951_825_600_000_000, -62_135_596_800_000_000, 253_402_300_799_999_999] as [Int64])
    func printsWhatItReads(microseconds: Int64) {
        let instant = Instant(microseconds: microseconds)
        #expect(instant.description.utf8.count == 27)
        #expect(Instant(instant.description) == instant)
    }

    @Test func printsSixDigitsAlways() {
        #expect(Instant(microseconds: 0).description == "1970-01-01T00:00:00.000000Z")
        #expect(Instant(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    }

    @Test func stopsAtTheEndsOfTheCalendar() {
        #expect(Instant(microseconds: .max) == .distantFuture)
        #expect(Instant(microseconds: .min) == .distantPast)
        #expect(Instant.distantFuture.advanced(bySeconds: .max) == .distantFuture)
        #expect(Instant.distantPast.advanced(bySeconds: .min) == .distantPast)
        #expect(Instant.distantPast.adding(microseconds: .min) == .distantPast)
        #expect(Instant.distantFuture.description == "9999-12-31T23:59:59.999999Z")
    }

    @Test func theSystemsClockIsInThisCentury() {
        #expect((2_020...2_200).contains(Zone.utc.date(at: .system()).year))
    }

    @Test func roundsSecondsDown() {
        #expect(Instant(microseconds: -1).secondsSinceEpoch == -1)
        #expect(Instant(microseconds: 1_999_999).secondsSinceEpoch == 1)
    }
}
