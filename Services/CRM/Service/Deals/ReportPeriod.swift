internal import Contracts
internal import Postgres
internal import Vocabulary

/// The days that a report looks back on, in the organization's zone, and whose deals.
struct ReportPeriod {
    /// Days before the last one, where nobody says.
    static let daysDefault = 90

    static let query: [Field] = [
        .date("from").described("The first day of the period; \(daysDefault) days before `until` by default."),
        .date("until").described("The last day of the period; today by default."),
        .identifier("owner_id").described("Only deals of this member."),
    ]

    private let given: (from: LocalDate?, until: LocalDate?)
    let owner: Identifier?

    init(_ input: Values) {
        self.given = (input.optionalDate("from"), input.optionalDate("until"))
        self.owner = input.optionalIdentifier("owner_id")
    }

    /// Its first and last day; refused where it ends before it begins.
    func days(_ caller: Caller, _ context: CallContext) throws(Fault) -> (from: LocalDate, until: LocalDate) {
        let until = self.given.until ?? caller.zone.date(at: context.now)
        let from = self.given.from ?? until.adding(days: -Self.daysDefault)
        guard from <= until else {
            let detail = "The period ends before it begins."
            throw Fault(.invalidRequest, detail, problems: [Problem("/query/from", "order", detail)])
        }
        return (from, until)
    }
}

extension Zone {
    /// From the beginning of one day to the end of another: the first instant, and the first one behind.
    func span(_ days: (from: LocalDate, until: LocalDate)) -> (start: Instant, end: Instant) {
        (self.startOfDay(days.from), self.startOfDay(days.until.adding(days: 1)))
    }
}
