/// What a contract says about billing: written with the contract in crm, carried by delivery's `engagement.activated`, and
/// turned into an invoice schedule by revenue. The one declaration that the three agree on.
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
        .choice("kind", ["recurring", "one_time"]).defaulting(to: "recurring")
            .described("`one_time` bills once, on the anchor date."),
        .choice("interval_unit", ["day", "week", "month", "quarter", "year"]).defaulting(to: "month"),
        .integer("interval_count", 1...Self.intervalCountMax).defaulting(to: 1)
            .described("How many units lie between two invoices."),
        .date("anchor_date").required().example("2026-12-01")
            .described("First day of the first period; every later period follows from it alone."),
        .choice("day_rule", ["same_day", "last_day"]).defaulting(to: "same_day")
            .described("`last_day` keeps to the ends of months."),
        .object("end", Self.end).defaulting(to: ["kind": "never"]),
        .integer("payment_terms_days", 0...Self.paymentTermDaysMax).defaulting(to: 14)
            .described("Days from an invoice's date to its due date."),
        .choice("auto", ["draft", "finalize", "send"]).defaulting(to: "draft")
            .described("How far an invoice is taken without a person."),
        .list("lines", of: Self.line, countMax: Self.linesMax).required(),
    ]

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
