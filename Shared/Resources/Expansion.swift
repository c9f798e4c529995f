internal import Contracts
internal import Postgres
internal import Vocabulary

/// A referenced row of the same service that an answer can carry beside its id: `expand=client_company` puts `client_company`
/// beside `client_company_id`. One more query a name, however many rows a page has; their bytes go straight into the answer.
///
/// What is embedded is the row as it is now: `null` where it was deleted. An expanded answer has no ETag and never is a 304, for
/// the version that an ETag says is the object's own.
struct Expansion: Sendable {
    static let parameterName = "expand"
    /// Names in one request: each costs a query.
    static let namesMax = 5

    let name: String
    let store: ResourceStore
    private let field: String
    private let key: JSONKey
    private let load: SQL

    private init(_ name: String, field: String, to resource: Resource) {
        self.name = name
        self.field = field
        self.store = ResourceStore(resource)
        self.key = JSONKey(name)
        self.load =
            "SELECT " + self.store.plan.shown + " FROM " + resource.table
            + " WHERE organization_id = $1 AND id = ANY ($2::uuid[])" + ResourceStore.alive(resource)
    }

    static func all(of resource: Resource) -> [Expansion] {
        resource.references.compactMap { reference in
            guard case .resource(let target) = reference.target, let name = reference.embeddedName else { return nil }
            return Expansion(name, field: reference.field, to: target())
        }
    }

    /// The query parameter with which a reader of this resource asks for them.
    static func parameter(of resource: Resource) -> [Field] {
        let names = resource.references.compactMap(\.embeddedName)
        guard !names.isEmpty else { return [] }
        return [
            Field.list(Self.parameterName, of: .choice(names), countMax: Self.namesMax).described(
                "Objects to embed beside their ids, separated by commas; an expanded answer has no ETag."
            )
        ]
    }

    /// The referenced rows of a page.
    struct Embedded: Sendable {
        fileprivate let key: JSONKey
        fileprivate let plan: RowPlan
        fileprivate let rows: Rows
        /// By row of the page, the referenced row.
        fileprivate let places: [Int?]

        func write(beside index: Int, into writer: inout JSONWriter) {
            writer.key(self.key)
            if let place = self.places[index] {
                self.plan.write(self.rows[place], into: &writer)
            } else {
                writer.null()
            }
        }
    }

    func load(
        for rows: [Row],
        of organization: Identifier,
        from database: Database,
        deadline: Instant?
    ) async throws -> Embedded {
        let ids = try rows.map { row in try row.uuidOrNil(self.field) }
        let found = try await database.read(
            .organization(organization),
            self.load,
            [.uuid(organization), .uuids(Array(Set(ids.compactMap { $0 })))],
            deadline: deadline
        )
        var places: [Identifier: Int] = [:]
        for index in 0..<found.count { places[try found[index].uuid("id")] = index }
        return Embedded(
            key: self.key,
            plan: self.store.plan,
            rows: found,
            places: ids.map { id in id.flatMap { places[$0] } }
        )
    }
}
