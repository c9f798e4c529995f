internal import Contracts
internal import Postgres
internal import Testing

/// Holds what the lists of a service offer against the indexes that its tables have.
public enum Indexes {
    /// The filters and sorts of a service's lists that no index serves, as `deal.owner_id` and `deal.sort=name`.
    ///
    /// An index serves a filter where it begins with the organization and the field, and a sort where the row's id follows; it may leave
    /// out deleted rows, and those where the field is null. The lists of a row's children are reached by their parent, and parked
    /// events are few by their nature.
    public static func missing(in service: TestService) async throws -> [String] {
        var missing: [String] = []
        for declaration in service.router.declarations where Self.isList(declaration) {
            let table = String(declaration.name.split(separator: ".")[1])
            let indexes = try await Self.indexes(of: table, in: service)
            try #require(!indexes.isEmpty, "\(declaration.name) lists the rows of a table")
            for field in declaration.query where !Self.controls.contains(field.name) && !field.name.hasSuffix("]") {
                let isServed = indexes.contains { $0.serves(field.name) }
                if !isServed { missing.append("\(table).\(field.name)") }
            }
            for sort in Self.sorts(of: declaration) {
                let isServed = indexes.contains { $0.serves(sort) && $0.columns.dropFirst(2).first == "id" }
                if !isServed { missing.append("\(table).sort=\(sort)") }
            }
        }
        return missing.sorted()
    }

    private static let controls: Set = ["limit", "cursor", "sort", "include_total", "expand"]

    private static func isList(_ declaration: OperationDeclaration) -> Bool {
        declaration.name.hasSuffix(".list") && !declaration.query.isEmpty
            && declaration.route?.template.contains("{") == false && !declaration.name.hasSuffix(".parked_event.list")
    }

    private static func sorts(of declaration: OperationDeclaration) -> [String] {
        guard case .choice(let options)? = declaration.query.first(where: { $0.name == "sort" })?.kind else {
            return []
        }
        return options.filter { !$0.hasPrefix("-") }
    }

    private struct Index {
        let columns: [String]
        let predicate: String

        /// Whether all rows of a list that asks for values of `field` are in it, side by side.
        func serves(_ field: String) -> Bool {
            guard self.columns.first == "organization_id", self.columns.dropFirst().first == field else { return false }
            let present = "(\(field) IS NOT NULL)"
            let alive = "(deleted_at IS NULL)"
            return ["", alive, present, "(\(present) AND \(alive))", "(\(alive) AND \(present))"].contains(
                self.predicate
            )
        }
    }

    private static func indexes(of table: String, in service: TestService) async throws -> [Index] {
        let rows = try await service.rows(
            """
            SELECT string_agg(a.attname, ',' ORDER BY k.place) AS columns,
                coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate
            FROM pg_index i
            CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attribute, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attribute
            WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND k.place <= i.indnkeyatts
            GROUP BY i.indexrelid, i.indpred, i.indrelid
            """,
            [.text(table)]
        )
        var indexes: [Index] = []
        for row in rows {
            let columns = try row.text("columns").split(separator: ",").map(String.init)
            indexes.append(Index(columns: columns, predicate: try row.text("predicate")))
        }
        return indexes
    }
}
