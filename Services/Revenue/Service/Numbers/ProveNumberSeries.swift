internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Shows that a series has no gap, from the documents themselves and not from its counter.
struct ProveNumberSeries: Operation {
    static let declaration = OperationDeclaration(
        "revenue.number_series.proof",
        .get("/v1/number-series/{id}/proof"),
        access: .read("revenue"),
        "Prove that a series of numbers has no gap."
    )
    .answers(
        .object(
            "NumberSeriesProof",
            [
                .identifier("number_series_id"), .integer("first", 1...Int64.max).nullable(),
                .integer("last", 1...Int64.max).nullable(),
                .integer("count", 0...Int64.max),
                .integer("counter", 0...Int64.max).described("What the series itself says is the last."),
                .list("missing", of: .integer(1...Int64.max), countMax: NumberSeriesProof.missingMax),
                .boolean("is_gapless").described(
                    "No number is missing, the first is 1, and the counter agrees with the last."
                ),
            ]
        )
    )
    .faults(.notFound)

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }

    static func register(in router: inout Router, _ database: Database) {
        router.serve(ProveNumberSeries.self) { request, context in
            let organization = try context.caller().organization
            // One statement, so that counter and documents are of one moment. Missing numbers are what the neighbours leave out.
            let rows = try await database.read(
                .organization(organization),
                """
                SELECT s.last_number, count(i.number_value) AS count, min(i.number_value) AS first, max(i.number_value) AS last,
                    coalesce((
                        SELECT array_to_json(array_agg(n))::text FROM (
                            SELECT n FROM generate_series(1, s.last_number) AS n
                            EXCEPT
                            SELECT number_value FROM invoice WHERE organization_id = $1 AND number_series_id = $2
                            ORDER BY 1 LIMIT $3
                        ) AS gaps
                    ), '[]') AS missing
                FROM number_series s
                LEFT JOIN invoice i ON i.organization_id = s.organization_id AND i.number_series_id = s.id
                WHERE s.organization_id = $1 AND s.id = $2
                GROUP BY s.organization_id, s.id, s.last_number
                """,
                [.uuid(organization), .uuid(request.id), .int(Int64(NumberSeriesProof.missingMax))],
                deadline: context.deadline
            )
            guard let row = rows.first else { throw Fault.notFound("number series") }
            let (first, last, counter) = (
                try row.intOrNil("first"), try row.intOrNil("last"), try row.int("last_number")
            )
            let missing = try JSON(parsing: try row.bytes("missing"))
            let isGapless = missing == .array([]) && (last ?? 0) == counter && (first ?? 1) == 1
            let proof: JSON = [
                "number_series_id": .string(request.id.description),
                "first": first.map(JSON.int) ?? .null, "last": last.map(JSON.int) ?? .null,
                "count": .int(try row.int("count")), "counter": .int(counter), "missing": missing,
                "is_gapless": .bool(isGapless),
            ]
            return Reply(body: proof.bytes)
        }
    }
}
