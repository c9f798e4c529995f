internal import Contracts
internal import Testing
internal import Vocabulary

@Suite struct BillingTermsTests {
    private static let line: JSON = [["description": "Work", "unit_price_minor": 1_000]]

    /// Terms, and where and with what code they are refused; no code where they can be billed.
    static let cases: [(JSON, String?, String?)] = [
        (["kind": "recurring", "anchor_date": "2026-12-01", "lines": line], nil, nil),
        (["anchor_date": "2026-11-30", "day_rule": "last_day", "lines": line], nil, nil),
        (["kind": "one_time", "anchor_date": "2026-12-01", "lines": line], nil, nil),
        (["kind": "milestone"], nil, nil),
        (["kind": "milestone", "tax_rate": "0.19"], nil, nil),
        (["lines": line], "/billing/anchor_date", "required"),
        (["anchor_date": "2026-12-01"], "/billing/lines", "required"),
        (["anchor_date": "2026-12-01", "lines": line, "tax_rate": "0.19"], "/billing/tax_rate", "not_for_kind"),
        (["anchor_date": "2026-12-01", "lines": line, "day_rule": "last_day"], "/billing/anchor_date", "not_last_day"),
        (
            ["anchor_date": "2026-11-30", "lines": line, "day_rule": "last_day", "interval_unit": "week"],
            "/billing/day_rule", "not_for_unit"
        ),
        (["anchor_date": "2026-12-01", "lines": line, "end": ["kind": "on_date"]], "/billing/end/date", "required"),
        (["anchor_date": "2026-12-01", "lines": line, "end": ["kind": "after_n"]], "/billing/end/count", "required"),
        (
            ["anchor_date": "2026-12-01", "lines": line, "end": ["kind": "on_date", "date": "2026-11-30"]],
            "/billing/end/date", "before_anchor"
        ),
        (["kind": "milestone", "anchor_date": "2026-12-01"], "/billing/anchor_date", "not_for_kind"),
        (["kind": "milestone", "lines": line], "/billing/lines", "not_for_kind"),
        (["kind": "milestone", "tax_rate": "-0.1"], "/billing/tax_rate", "out_of_range"),
    ]

    @Test(arguments: cases)
    func whatCannotBeBilledIsRefusedWhereItIsWritten(terms: JSON, pointer: String?, code: String?) throws {
        var object = try #require(terms.object)
        object["currency"] = "EUR"
        var decoder = InputDecoder()
        let values = decoder.object(.object(object), BillingTerms.fields, at: "/billing")
        #expect(decoder.problems.isEmpty)
        do throws(Fault) {
            try BillingTerms.require(possible: values)
            #expect(code == nil)
        } catch {
            #expect(error.problems.map(\.pointer) == [pointer].compactMap { $0 })
            #expect(error.problems.map(\.code) == [code].compactMap { $0 })
        }
    }
}
