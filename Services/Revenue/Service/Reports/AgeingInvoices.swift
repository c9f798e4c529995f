internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// The invoices behind a figure of the ageing report: their balances sum to it.
struct AgeingInvoices: Operation {
    static let limitMax: Int64 = 200

    static let declaration = OperationDeclaration(
        "revenue.report.ageing_invoices",
        .get("/v1/reports/ageing/invoices"),
        access: .read("revenue"),
        "The invoices behind the ageing report."
    )
    .described("With the report's filters and one of its buckets: the balances of all pages sum to that figure.")
    .query(
        AgeingReport.filters + [
            .choice("bucket", Ageing.Bucket.self).described("Only this age."),
            .integer("limit", 1...Self.limitMax).defaulting(to: 50),
            .text("cursor", max: 1_024).described("`next_cursor` of the page before."),
        ]
    )
    .answers(
        .page(
            "AgeingInvoice",
            [
                .identifier("id"), .text("number", max: 60), .identifier("client_company_id"), .currency(),
                .date("due_on"),
                .integer("days_overdue", 0...100_000), .choice("bucket", Ageing.Bucket.self), .money("balance_minor"),
            ]
        )
    )
    .faults(.invalidRequest)

    let client: Identifier?
    let currency: String?
    let bucket: Ageing.Bucket?
    let limit: Int
    let cursor: String?

    init(_ input: Values) throws(Fault) {
        self.client = input.optionalIdentifier("client_company_id")
        self.currency = input.optionalText("currency")
        self.bucket = input.optionalText("bucket").flatMap(Ageing.Bucket.init(rawValue:))
        self.limit = Int(try input.integer("limit"))
        self.cursor = input.optionalText("cursor")
    }

    /// What a cursor belongs to: this list of this organization with these filters.
    private func identity(of organization: Identifier) -> String {
        let filters = [self.client?.description, self.currency, self.bucket?.rawValue].map { $0 ?? "-" }
        return ([Self.declaration.name, organization.description] + filters).joined(separator: " ")
    }

    private static func opened(
        _ cursor: String,
        _ identity: String,
        _ cursors: CursorSigner
    ) throws(Fault) -> Identifier {
        guard let id = cursors.position(in: cursor, for: identity).flatMap(Identifier.init(_:)) else {
            throw .foreignCursor
        }
        return id
    }

    static func register(in router: inout Router, _ persistence: Persistence) {
        let (database, cursors) = (persistence.database, persistence.cursors)
        router.serve(AgeingInvoices.self) { request, context in
            let caller = try context.caller()
            let today = caller.zone.date(at: context.now)
            let identity = request.identity(of: caller.organization)
            let last = try request.cursor.map { cursor throws(Fault) in try Self.opened(cursor, identity, cursors) }
            let due = request.bucket?.dueDates(today: today) ?? (from: .distantPast, through: .distantFuture)
            let rows = try await database.read(
                .organization(caller.organization),
                """
                SELECT id, number, client_company_id, currency, due_on, balance_minor FROM invoice
                WHERE organization_id = $1 AND finalized_at IS NOT NULL AND voided_at IS NULL AND balance_minor > 0
                    AND ($2::uuid IS NULL OR client_company_id = $2) AND ($3::text IS NULL OR currency = $3)
                    AND due_on BETWEEN $4 AND $5 AND ($6::uuid IS NULL OR id > $6)
                ORDER BY id LIMIT $7
                """,
                [
                    .uuid(caller.organization), request.client.map(SQLValue.uuid) ?? .null,
                    request.currency.map(SQLValue.text) ?? .null, .date(due.from), .date(due.through),
                    last.map(SQLValue.uuid) ?? .null, .int(Int64(request.limit) + 1),
                ],
                deadline: context.deadline
            )
            let shown = try rows.prefix(request.limit).map { try Self.shown($0, today: today) }
            var next: String?
            if rows.count > request.limit, !shown.isEmpty {
                let id = try rows[shown.count - 1].uuid("id")
                next = cursors.seal(position: id.description, id: id, for: identity)
            }
            let page: JSON = [
                "data": .array(shown), "next_cursor": next.map(JSON.string) ?? .null, "has_more": .bool(next != nil),
            ]
            var reply = Reply(body: page.bytes)
            reply.next = next
            return reply
        }
    }

    private static func shown(_ row: Row, today: LocalDate) throws -> JSON {
        let due = try row.date("due_on")
        return [
            "id": .string(try row.text("id")), "number": .string(try row.text("number")),
            "client_company_id": .string(try row.text("client_company_id")),
            "currency": .string(try row.text("currency")),
            "due_on": .string(due.description), "days_overdue": .int(Int64(max(0, due.days(until: today)))),
            "bucket": .string(Ageing.Bucket(dueOn: due, today: today).rawValue),
            "balance_minor": .int(try row.int("balance_minor")),
        ]
    }
}
