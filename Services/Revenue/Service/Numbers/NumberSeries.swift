internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A series of document numbers: one for each kind and year, begun when its first number is taken.
    static let numberSeries: Resource = {
        var resource = Resource(
            service: "revenue",
            name: "number_series",
            plural: "number-series",
            table: "number_series",
            fields: [
                .choice("kind", ["invoice", "credit_note"]).readOnly().filterable(),
                .integer("year", 1...9_999).readOnly().filterable(),
                .text("pattern", max: NumberFormat.patternBytesMax).readOnly().example("INV-{year}-{number:5}"),
                .integer("last_number", 0...Int64.max).readOnly(),
            ]
        )
        resource.actions = [.get, .list]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        return resource
    }()
}

/// Takes numbers. A number is taken by updating its series' row, whose lock orders all who take one: a rollback gives it back,
/// so the numbers that are committed have no gap.
enum NumberSeries {
    static let invoicePattern = "INV-{year}-{number:5}"

    struct Taken: Sendable {
        let seriesID: Identifier
        let value: Int64
        let text: String
    }

    /// Takes the next invoice number for a day, written as the organization wants it by now: a format that was changed applies from
    /// the next number, and the count goes on. The last statement before the invoice's own row and its events, so that others
    /// wait for as short a time as can be.
    static func takeInvoiceNumber(
        on date: LocalDate,
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Taken {
        let row = try transaction.query(
            """
            INSERT INTO number_series (organization_id, id, kind, year, pattern, last_number, created_at, updated_at)
            VALUES ($1, $2, 'invoice', $3,
                coalesce((SELECT invoice_number_format FROM organization_ref WHERE organization_id = $1), $4), 1, $5, $5)
            ON CONFLICT (organization_id, kind, year) DO UPDATE
            SET pattern = EXCLUDED.pattern, last_number = number_series.last_number + 1, updated_at = $5, version = number_series.version + 1
            RETURNING id, pattern, last_number
            """,
            [
                .uuid(organization), .uuid(Identifier.next(at: now)), .int(Int64(date.year)),
                .text(Self.invoicePattern), .instant(now),
            ]
        )[0]
        let value = try row.int("last_number")
        let format = try NumberFormat(try row.text("pattern"))
        return Taken(seriesID: try row.uuid("id"), value: value, text: format.text(number: value, on: date))
    }
}
