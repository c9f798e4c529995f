public import Vocabulary

/// What a contract says about billing: written with the contract in crm, carried by delivery's `engagement.activated`, and
/// turned by revenue into an invoice schedule, or into what a milestone is billed by. The one declaration that the three agree on,
/// and the one place that knows which terms are possible: what crm lets be signed, revenue can bill.
public enum BillingTerms {
    /// How many lines each invoice of the schedule may have.
    public static let linesMax = 200
    /// How many units one interval may have.
    public static let intervalCountMax: Int64 = 1_000
    /// How many periods a schedule may have: daily for a century.
    public static let periodsMax: Int64 = 36_525
    /// The longest time to pay, in days.
    public static let paymentTermDaysMax: Int64 = 365

    /// The members of a contract's `billing` object.
    public static let fields: [Field] = [
        .currency().required(),
        .choice("kind", Kind.self).defaulting(to: .string(Kind.recurring.rawValue))
            .described(
                "`one_time` bills once, on the anchor date; `milestone` bills each milestone's amount when it is completed."
            ),
        .choice("interval_unit", ["day", "week", "month", "quarter", "year"]).defaulting(to: "month"),
        .integer("interval_count", 1...Self.intervalCountMax).defaulting(to: 1)
            .described("How many units lie between two invoices."),
        .date("anchor_date").nullable().example("2026-12-01")
            .described(
                "First day of the first period; every later period follows from it alone. Not with `milestone`."
            ),
        .choice("day_rule", ["same_day", "last_day"]).defaulting(to: "same_day")
            .described("`last_day` keeps to the ends of months."),
        .object("end", Self.end).defaulting(to: ["kind": "never"]),
        .integer("payment_terms_days", 0...Self.paymentTermDaysMax).defaulting(to: 14)
            .described("Days from an invoice's date to its due date."),
        .choice("auto", ["draft", "finalize", "send"]).defaulting(to: "draft")
            .described("How far an invoice is taken without a person."),
        .list("lines", of: Self.line, countMax: Self.linesMax).defaulting(to: [])
            .described("At least one; none with `milestone`, where the milestone is the line."),
        .decimal("tax_rate", places: Rate.places).nullable().example("0.19")
            .described(
                "With `milestone`: the tax rate, as a share, of the tax that a milestone's amount contains; none is 0."
            ),
    ]

    /// When a contract's fees are invoiced.
    public enum Kind: String, CaseIterable, Sendable {
        case recurring
        case oneTime = "one_time"
        case milestone
    }

    /// When the billing ends.
    public static let end: [Field] = [
        .choice("kind", ["never", "on_date", "after_n"]).required(),
        .date("date").nullable().described("With `on_date`: no period begins after it."),
        .integer("count", 1...Self.periodsMax).nullable().described("With `after_n`: how many periods there are."),
    ]

    /// One line of each invoice.
    public static let line: [Field] = [
        .text("description", max: 500).required().example("Monthly retainer"),
        .decimal("quantity", places: 4).defaulting(to: "1").example("2.5"),
        .money("unit_price_minor").required().example(250_000),
        .decimal("tax_rate", places: 6).defaulting(to: "0").example("0.19").described("A share: 0.19 is 19 percent."),
        .decimal("discount_percent", places: 4).nullable().example("10").described(
            "Percent taken off this line: 10 is a tenth."
        ),
    ]
}

// MARK: - Rules

extension BillingTerms {
    /// The kind that validated terms name.
    public static func kind(of terms: Values) -> Kind {
        terms.optionalText("kind").flatMap(Kind.init(rawValue:)) ?? .recurring
    }

    /// Refuses terms by which nothing could be billed.
    public static func require(possible terms: Values, at place: String = "/billing") throws(Fault) {
        let hasLines = !terms.objects("lines").isEmpty
        switch Self.kind(of: terms) {
        case .milestone:
            guard terms.optionalDate("anchor_date") == nil else {
                throw Self.refusal(of: "anchor_date", .milestone, place)
            }
            guard !hasLines else { throw Self.refusal(of: "lines", .milestone, place) }
            guard Rate(terms.optionalText("tax_rate") ?? "0").map({ $0 >= .zero }) ?? false else {
                throw Fault.invalid("\(place)/tax_rate", "out_of_range", "A tax rate is 0 or more.")
            }
        case .recurring, .oneTime:
            let kind = Self.kind(of: terms)
            guard terms.optionalText("tax_rate") == nil else { throw Self.refusal(of: "tax_rate", kind, place) }
            guard hasLines else {
                throw Fault.invalid("\(place)/lines", "required", "What is billed has at least one line.")
            }
            _ = try Self.recurrence(of: terms, at: place)
        }
    }

    /// When terms that are no milestone's bill.
    public static func recurrence(of terms: Values, at place: String = "/billing") throws(Fault) -> Recurrence {
        guard let anchor = terms.optionalDate("anchor_date") else {
            throw Fault.invalid("\(place)/anchor_date", "required", "Billing begins on a day.")
        }
        do throws(Rejection) {
            return try Recurrence(
                anchor: anchor,
                unit: terms.optionalText("interval_unit").flatMap(Recurrence.Unit.init(rawValue:)) ?? .month,
                count: Int(terms.optionalInteger("interval_count") ?? 1),
                dayRule: terms.optionalText("day_rule").flatMap(Recurrence.DayRule.init(rawValue:)) ?? .sameDay,
                end: try Self.end(of: terms)
            )
        } catch {
            guard case .invalid(let pointer, let code) = error.kind else { throw Fault(error) }
            throw Fault.invalid("\(place)\(Self.pointers[pointer] ?? pointer)", code, error.detail)
        }
    }

    /// Where a recurrence's end is in the terms.
    private static let pointers = ["/end_on": "/end/date", "/end_after": "/end/count"]

    private static func end(of terms: Values) throws(Rejection) -> Recurrence.End {
        if Self.kind(of: terms) == .oneTime { return .afterCount(1) }
        let end = terms.optionalObject("end") ?? Values()
        switch end.optionalText("kind") {
        case "on_date":
            guard let date = end.optionalDate("date") else {
                throw .invalid("/end_on", code: "required", "An end `on_date` names the date.")
            }
            return .onDate(date)
        case "after_n":
            guard let count = end.optionalInteger("count") else {
                throw .invalid("/end_after", code: "required", "An end `after_n` says how many periods there are.")
            }
            return .afterCount(Int(count))
        default:
            return .never
        }
    }

    private static func refusal(of name: String, _ kind: Kind, _ place: String) -> Fault {
        .invalid("\(place)/\(name)", "not_for_kind", "Billing of the kind \(kind.rawValue) has no \(name).")
    }
}
