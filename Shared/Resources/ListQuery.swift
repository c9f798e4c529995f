internal import Contracts
internal import Postgres
internal import Vocabulary

/// A list of a resource's rows: filters and sorts from the declaration's allow-list, keyset pages, one statement.
struct ListQuery: Sendable {
    /// Rows in a page where the caller does not say, and at most.
    static let limitDefault: Int64 = 50
    static let limitMax: Int64 = 200
    /// Values in one `[in]` filter.
    static let inMax = 100

    private let resource: Resource
    private let plan: RowPlan
    /// What a parameter's name asks for, so that a list looks only at the parameters it was given.
    private let filtersByParameter: [String: Filter]

    init(resource: Resource, plan: RowPlan) {
        self.resource = resource
        self.plan = plan
        self.filtersByParameter = Dictionary(
            uniqueKeysWithValues: Self.filters(of: resource).map { ($0.parameter, $0) }
        )
    }

    // MARK: - Declaration

    static func parameters(of resource: Resource) -> [Field] {
        var fields = [
            Field.integer("limit", 1...Self.limitMax).defaulting(to: .int(Self.limitDefault)).described(
                "Objects in a page; large ones may be fewer."
            ),
            Field.text("cursor", max: 1_024).redacted(.content).described("`next_cursor` of the page before."),
            Field.choice("sort", Self.sorts(of: resource)).defaulting(to: .string(resource.defaultSort))
                .described("A leading minus sorts descending."),
            Field.boolean("include_total").described("Also count all objects that the filters let through."),
        ]
        fields += Expansion.parameter(of: resource)
        for field in resource.visible where field.isFilterable {
            fields.append(
                Field(field.name, field.kind).redacted(like: field).described("Only objects with this \(field.name).")
            )
            switch field.kind {
            case .integer, .instant, .date:
                for comparison in Self.comparisons {
                    fields.append(
                        Field("\(field.name)[\(comparison.name)]", field.kind).described(
                            "Only objects whose \(field.name) is \(comparison.words)."
                        )
                    )
                }
            case .choice, .identifier:
                fields.append(
                    Field.list("\(field.name)[in]", of: field.kind, countMax: Self.inMax).described(
                        "Only objects whose \(field.name) is one of these, separated by commas."
                    )
                )
            default: break
            }
            if field.isNullable {
                fields.append(
                    Field.boolean("\(field.name)[null]").described(
                        "`true`: only objects without \(field.name); `false`: only those with one."
                    )
                )
            }
        }
        if resource.customFieldRules != nil { fields.append(CustomFieldFilter.parameter) }
        return fields
    }

    private static func sorts(of resource: Resource) -> [String] {
        resource.visible.filter(\.isSortable).flatMap { [$0.name, "-\($0.name)"] }
    }

    private static let comparisons: [(name: String, words: String, sql: SQL)] = [
        ("gte", "at least this", " >= "), ("gt", "greater than this", " > "),
        ("lte", "at most this", " <= "), ("lt", "less than this", " < "),
    ]

    // MARK: - Composition

    private struct Filter: Sendable {
        let parameter: String
        let field: Field
        /// Before the value, which is a list for `[in]`.
        let condition: SQL
        let form: Form

        enum Form {
            case one, list
            /// Whether there is a value at all: nothing is bound.
            case null
        }
    }

    private static func filters(of resource: Resource) -> [Filter] {
        resource.visible.filter(\.isFilterable).flatMap { field in
            let column = resource.computed[field.name].map { "(" + $0 + ")" } ?? SQL(identifier: field.name)
            let equal = Filter(parameter: field.name, field: field, condition: column + " = ", form: .one)
            let compared = Self.comparisons.map { comparison in
                Filter(
                    parameter: "\(field.name)[\(comparison.name)]",
                    field: field,
                    condition: column + comparison.sql,
                    form: .one
                )
            }
            let list = Filter(
                parameter: "\(field.name)[in]",
                field: field,
                condition: column + " = ANY ",
                form: .list
            )
            let null = Filter(parameter: "\(field.name)[null]", field: field, condition: column, form: .null)
            return [equal] + compared + [list, null]
        }
    }

    /// Conditions and bindings of the filters in `input`; `$1` is the organization.
    func filters(_ input: Values) -> (conditions: SQL, bindings: [SQLValue]) {
        var conditions: SQL = ""
        var bindings: [SQLValue] = []
        // In the order of their names: the same question is the same statement.
        for name in input.names {
            guard let filter = self.filtersByParameter[name], let value = input[name] else { continue }
            let place = SQL.parameter(bindings.count + 2)
            switch filter.form {
            case .null:
                conditions +=
                    " AND " + filter.condition + (input.optionalBoolean(name) == true ? " IS NULL" : " IS NOT NULL")
            case .list:
                // An identifier compared as text would find no index.
                let isOfIdentifiers = filter.field.kind == .identifier
                bindings.append(isOfIdentifiers ? .uuids(input.identifiers(name)) : .texts(input.texts(name)))
                conditions += " AND " + filter.condition + "(" + place + (isOfIdentifiers ? "::uuid[])" : "::text[])")
            case .one:
                bindings.append(SQLValue(value))
                conditions += " AND " + filter.condition + place
            }
        }
        return (conditions, bindings)
    }

    /// The page after `cursor`, one row longer than `limit` so that the caller can tell whether there is more.
    func page(
        for organization: Identifier,
        filters: (conditions: SQL, bindings: [SQLValue]),
        sort: Sort,
        after cursor: Cursor?,
        limit: Int64
    ) -> (sql: SQL, bindings: [SQLValue]) {
        var bindings: [SQLValue] = [.uuid(organization)] + filters.bindings
        let column = sort.column
        var sql: SQL =
            "SELECT " + self.plan.shown + " FROM " + self.resource.table
            + " WHERE organization_id = $1" + ResourceStore.alive(self.resource) + filters.conditions
        if let cursor, let value = cursor.value {
            bindings += [.text(value), .uuid(cursor.id)]
            sql +=
                " AND (" + column + ", id) " + (sort.isDescending ? "<" : ">") + " ("
                + SQL.parameter(bindings.count - 1) + ", " + SQL.parameter(bindings.count) + ")"
        }
        let direction: SQL = sort.isDescending ? " DESC" : ""
        bindings.append(.int(limit + 1))
        sql += " ORDER BY " + column + direction + ", id" + direction + " LIMIT " + SQL.parameter(bindings.count)
        return (sql, bindings)
    }

    func count(
        for organization: Identifier,
        filters: (conditions: SQL, bindings: [SQLValue])
    ) -> (sql: SQL, bindings: [SQLValue]) {
        (
            "SELECT count(*) AS total FROM " + self.resource.table + " WHERE organization_id = $1"
                + ResourceStore.alive(self.resource) + filters.conditions,
            [.uuid(organization)] + filters.bindings
        )
    }
}

/// A sort by one visible column, with the id to break ties.
struct Sort: Hashable, Sendable {
    let name: String
    let isDescending: Bool

    var column: SQL { SQL(identifier: self.name) }

    /// `text` has been checked against the declaration's choices.
    init(_ text: String) {
        self.isDescending = text.hasPrefix("-")
        self.name = self.isDescending ? String(text.dropFirst()) : text
    }
}
