internal import Contracts
internal import Postgres
internal import RevenueDomain
internal import Vocabulary

/// What clients owe, by how long it has been due, per currency and client.
struct AgeingReport: Operation {
    /// The most rows that are shown; the totals are of all.
    static let rowsMax = 2_000

    static let declaration = OperationDeclaration(
        "revenue.report.ageing",
        .get("/v1/reports/ageing"),
        access: .read("revenue"),
        "Receivables by age, per currency and client."
    )
    .described(
        "As of today in the organization's time zone; what is due today is still current. `/v1/reports/ageing/invoices` lists the invoices behind any figure. Where `has_more` is true, ask for one `currency` or `client_company_id` to see the rest."
    )
    .query(Self.filters)
    .answers(
        .object(
            "AgeingReport",
            [
                .date("as_of"),
                .list(
                    "rows",
                    of: [.identifier("client_company_id"), .text("client_name", max: 200).nullable(), .currency()]
                        + Self.amounts,
                    countMax: Self.rowsMax
                ),
                .boolean("has_more").described("There are more rows than an answer holds; the totals count them all."),
                .list("totals", of: [.currency()] + Self.amounts, countMax: Currency.all.count),
            ]
        )
    )
    .faults(.invalidRequest)

    static let filters: [Field] = [
        .currency().described("Only this currency."), .identifier("client_company_id").described("Only this client."),
    ]

    /// `current`, `days_1_30`, `days_31_60`, `days_61_90`, `over_90` and their sum.
    static let amounts: [Field] =
        Ageing.Bucket.allCases.map { .money("\($0.rawValue)_minor") } + [
            .money("total_minor"), .integer("invoices", 0...Int64.max),
        ]

    let client: Identifier?
    let currency: String?

    init(_ input: Values) throws(Fault) {
        self.client = input.optionalIdentifier("client_company_id")
        self.currency = input.optionalText("currency")
    }

    static func register(in router: inout Router, _ database: Database) {
        router.serve(AgeingReport.self) { request, context in
            let caller = try context.caller()
            let today = caller.zone.date(at: context.now)
            let rows = try await database.read(
                .organization(caller.organization),
                """
                SELECT i.client_company_id, c.name, i.currency, i.due_on, sum(i.balance_minor)::bigint AS balance_minor, count(*) AS invoices
                FROM invoice i LEFT JOIN client_company_ref c ON c.organization_id = i.organization_id AND c.id = i.client_company_id
                WHERE i.organization_id = $1 AND i.finalized_at IS NOT NULL AND i.voided_at IS NULL AND i.balance_minor > 0
                    AND ($2::uuid IS NULL OR i.client_company_id = $2) AND ($3::text IS NULL OR i.currency = $3)
                GROUP BY i.client_company_id, c.name, i.currency, i.due_on
                ORDER BY i.currency, c.name, i.client_company_id, i.due_on
                """,
                [
                    .uuid(caller.organization), request.client.map(SQLValue.uuid) ?? .null,
                    request.currency.map(SQLValue.text) ?? .null,
                ],
                deadline: context.deadline
            )
            return Reply(body: try Self.answer(rows, today: today).bytes)
        }
    }

    private static func answer(_ rows: Rows, today: LocalDate) throws -> JSON {
        var clients: [(head: JSONObject, amounts: Amounts)] = []
        var totals: [(currency: String, amounts: Amounts)] = []
        for row in rows {
            let (client, currency) = (try row.text("client_company_id"), try row.text("currency"))
            let bucket = Ageing.Bucket(dueOn: try row.date("due_on"), today: today)
            let (balance, count) = (try row.int("balance_minor"), try row.int("invoices"))
            let head: JSONObject = [
                "client_company_id": .string(client),
                "client_name": try row.textOrNil("name").map(JSON.string) ?? .null,
                "currency": .string(currency),
            ]
            // The rows come sorted, so what belongs together is adjacent.
            if clients.last?.head != head { clients.append((head, Amounts())) }
            try clients[clients.count - 1].amounts.add(balance, bucket, count)
            if totals.last?.currency != currency { totals.append((currency, Amounts())) }
            try totals[totals.count - 1].amounts.add(balance, bucket, count)
        }
        var bytes = 0
        let shown = clients.prefix(Self.rowsMax).lazy.map { JSON.object($0.amounts.written(into: $0.head)) }.prefix {
            row in
            bytes += row.bytes.count
            return bytes <= Reply.bytesEnough
        }
        return [
            "as_of": .string(today.description),
            "rows": .array(Array(shown)),
            "has_more": .bool(shown.count < clients.count),
            "totals": .array(totals.map { .object($0.amounts.written(into: ["currency": .string($0.currency)])) }),
        ]
    }

    /// Sums by bucket; one that does not fit 64 bits is refused rather than wrong.
    private struct Amounts {
        private var buckets: [Ageing.Bucket: Int64] = [:]
        private var total: Int64 = 0
        private var invoices: Int64 = 0

        mutating func add(_ balance: Int64, _ bucket: Ageing.Bucket, _ count: Int64) throws {
            let (sum, overflow) = self.total.addingReportingOverflow(balance)
            guard !overflow else { throw Fault(.unavailable, "The receivables do not fit the report.") }
            self.total = sum
            self.buckets[bucket, default: 0] += balance
            self.invoices += count
        }

        func written(into head: JSONObject) -> JSONObject {
            var object = head
            for bucket in Ageing.Bucket.allCases {
                object["\(bucket.rawValue)_minor"] = .int(self.buckets[bucket] ?? 0)
            }
            object["total_minor"] = .int(self.total)
            object["invoices"] = .int(self.invoices)
            return object
        }
    }
}
