internal import Testing
internal import Vocabulary

@Suite struct ZoneTests {
    @Test(arguments: ["", "EST5", "GMT+5", "Foo/Bar", "CET", "utc", "Europe"])
    func refusesWhatIsNoIANAName(identifier: String) {
        #expect(Zone(identifier) == nil)
    }

    @Test(arguments: [
        ("UTC", "2026-11-22T23:59:59Z", "2026-11-22"),
        ("Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23"),
        ("Europe/Berlin", "2026-11-22T22:59:59.999999Z", "2026-11-22"),
        ("America/Los_Angeles", "2026-11-23T07:59:59Z", "2026-11-22"),
        ("Pacific/Kiritimati", "2026-11-22T10:00:00Z", "2026-11-23"),
        ("Asia/Kathmandu", "2026-11-22T18:15:00Z", "2026-11-23"),
        ("UTC", "1969-12-31T23:59:59.5Z", "1969-12-31"),
    ])
    func knowsTheDate(zone: String, instant: String, date: String) throws {
        let zone = try #require(Zone(zone))
        #expect(zone.date(at: try #require(Instant(instant))).description == date)
    }

    @Test(arguments: [
        // Ordinary days on both sides of the change.
        ("Europe/Berlin", "2026-01-15", 9, 0, "2026-01-15T08:00:00Z"),
        ("Europe/Berlin", "2026-07-15", 9, 0, "2026-07-15T07:00:00Z"),
        // 02:30 is skipped in spring, and comes twice in autumn.
        ("Europe/Berlin", "2026-03-29", 2, 30, "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25", 2, 30, "2026-10-25T00:30:00Z"),
        ("Europe/Berlin", "2026-10-25", 3, 30, "2026-10-25T02:30:00Z"),
        ("America/New_York", "2026-03-08", 2, 30, "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01", 1, 30, "2026-11-01T05:30:00Z"),
        // Midnight itself is skipped, and a whole day is.
        ("America/Sao_Paulo", "2018-11-04", 0, 0, "2018-11-04T03:00:00Z"),
        ("Pacific/Apia", "2011-12-31", 0, 0, "2011-12-30T10:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:30:00Z"),
    ])
    func findsTheInstantOfAWallTime(
        zone: String,
        date: String,
        hour: Int,
        minute: Int,
        instant: String
    ) throws {
        let zone = try #require(Zone(zone))
        let date = try #require(LocalDate(date))
        #expect(zone.instant(date, hour: hour, minute: minute) == Instant(instant))
    }

    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Asia/Tehran",
        "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana",
    ])
    func everyDayBeginsOnItself(identifier: String) throws {
        let zone = try #require(Zone(identifier))
        var date = try #require(LocalDate("2017-01-01"))
        for _ in 0..<1_500 {
            let start = zone.startOfDay(date)
            #expect(zone.date(at: start) == date)
            #expect(zone.date(at: start.adding(microseconds: -1)) == date.adding(days: -1))
            date = date.adding(days: 1)
        }
    }
}
