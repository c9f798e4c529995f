internal import Testing
internal import Vocabulary

@Suite struct LocalDateTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-22", 20_779),
        ("0001-01-01", -719_162), ("9999-12-31", 2_932_896),
    ])
    func countsDays(text: String, days: Int) throws {
        let date = try #require(LocalDate(text))
        #expect(date.daysSinceEpoch == days)
        #expect(date.description == text)
    }

    @Test(arguments: [
        "", "2026-1-1", "2026-13-01", "2026-00-01", "2026-02-29", "2026-04-31", "0000-01-01", "2026-11-22 ",
        "1900-02-29",
    ])
    func refusesWhatIsNoDay(text: String) {
        #expect(LocalDate(text) == nil)
    }

    /// Walks each day of four centuries, so that every rule of leap years is passed.
    @Test func everyDayFollowsTheOneBefore() {
        var expected = (year: 1900, month: 1, day: 1)
        for days in -25_567...120_530 {
            let date = LocalDate(daysSinceEpoch: days)
            #expect(date.civil == expected)
            #expect(LocalDate(year: expected.year, month: expected.month, day: expected.day) == date)
            if expected.day < LocalDate.daysInMonth(year: expected.year, month: expected.month) {
                #expect(!date.isLastDayOfMonth)
                expected.day += 1
            } else {
                #expect(date.isLastDayOfMonth && date.lastDayOfMonth == date)
                expected = expected.month == 12 ? (expected.year + 1, 1, 1) : (expected.year, expected.month + 1, 1)
            }
        }
    }

    @Test(arguments: [
        ("2026-01-31", 1, "2026-02-28"), ("2028-01-31", 1, "2028-02-29"), ("2026-01-31", 2, "2026-03-31"),
        ("2024-02-29", 12, "2025-02-28"), ("2026-03-31", -1, "2026-02-28"), ("2026-01-15", -13, "2024-12-15"),
        ("9999-12-31", 1, "9999-12-31"), ("0001-01-31", -1, "0001-01-01"),
    ])
    func addsMonthsByClampingTheDay(from: String, months: Int, to: String) throws {
        #expect(try #require(LocalDate(from)).adding(months: months).description == to)
    }

    @Test func stopsAtTheEndsOfTheCalendar() throws {
        let date = try #require(LocalDate("2026-11-22"))
        #expect(date.adding(days: .max) == .distantFuture)
        #expect(date.adding(days: .min) == .distantPast)
        #expect(date.adding(months: .max) == .distantFuture)
        #expect(date.adding(months: .min) == .distantPast)
    }

    @Test func comparesAndMeasures() throws {
        let (early, late) = (try #require(LocalDate("2026-01-01")), try #require(LocalDate("2026-03-01")))
        #expect(early < late)
        #expect(early.days(until: late) == 59)
        #expect(late.days(until: early) == -59)
    }
}
