internal import Contracts
internal import Postgres
public import Testing
internal import Vocabulary

/// Has the planner say what each read operation of a service's catalog does where its tables hold a million rows.
///
/// Nothing here knows a list. Every GET of the catalog is called with each filter, each sort, its second page and each other switch
/// that its declaration offers; and what it then sent to the database is explained as the service's role, under row-level security,
/// for an organization with a tenth of all rows and for an ordinary one.
public struct Plans {
    private let service: TestService
    private let log: ReadLog
    private var faults: [String: [String]] = [:]
    private var explained: Set<ReadLog.Read> = []

    /// `script` makes the rows fit rules that their columns' types do not know.
    ///
    /// Records an issue for each operation that does not hold at a million rows, by the name of its parameter such as
    /// `crm.deal.list?stage`, and for each exception (by that name, with its reason) that is not needed any more.
    public static func expect(
        of service: TestService,
        _ log: ReadLog,
        except exceptions: [String: String],
        afterFilling script: String = "",
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let faults = try await Self.faults(in: service, log, afterFilling: script)
        for (name, reasons) in faults.sorted(by: { $0.key < $1.key }) where exceptions[name] == nil {
            Issue.record("\(name) \(reasons.joined(separator: "; "))", sourceLocation: location)
        }
        for name in exceptions.keys.sorted() where faults[name] == nil {
            Issue.record("\(name) needs no exception any more", sourceLocation: location)
        }
    }

    private static func faults(
        in service: TestService,
        _ log: ReadLog,
        afterFilling script: String
    ) async throws -> [String: [String]] {
        let declarations = service.router.declarations.filter {
            $0.route?.method == .get && !$0.isStream && !$0.name.hasSuffix(Self.fewByNature)
        }
        try #require(!declarations.isEmpty)
        try await MillionRows.fill(
            service.clone,
            large: service.organization,
            typical: service.neighbour.organization,
            choices: Self.choices(declarations)
        )
        if !script.isEmpty { try await service.clone.execute(script) }
        var faults: [String: [String]] = [:]
        for service in [service, service.neighbour] {
            var plans = Plans(service: service, log: log)
            for declaration in declarations { try await plans.explain(declaration) }
            faults.merge(plans.faults) { large, typical in large + typical.filter { !large.contains($0) } }
        }
        return faults
    }

    // MARK: - Asking

    /// An event is parked when it has failed again and again: a thousand of them are an outage, not a history.
    private static let fewByNature = ".parked_event.list"
    /// A count goes over all that it counts, and only where it was asked for.
    private static let counting = "include_total"
    private static let pages: Set = ["limit", "cursor", "sort", "expand", counting]
    /// A parameter that is accepted together with another only.
    private static let companions = ["entity_type": "entity_id"]

    private mutating func explain(_ declaration: OperationDeclaration) async throws {
        var always: [String: String] = [:]
        for field in declaration.query where field.isRequired {
            always[field.name] = Self.value(of: field, in: declaration)
        }
        for field in declaration.path {
            always[field.name] =
                field.kind == .identifier ? try await self.row(of: declaration) : Self.value(of: field, in: declaration)
        }
        try await self.explain(declaration, always, as: "")
        for field in declaration.query where !Self.pages.contains(field.name) && !Self.isStrict(field) {
            var parameters = always
            if case .document = field.kind {
                parameters["\(field.name)[many1]"] = "many1"
            } else {
                parameters[field.name] = Self.value(of: field, in: declaration)
            }
            if let other = Self.companions[field.name] { parameters[other] = Self.id }
            try await self.explain(declaration, parameters, as: "?\(field.name)")
        }
        if declaration.query.contains(where: { $0.name == Self.counting }) {
            try await self.explain(declaration, always.merging([Self.counting: "true"]) { $1 }, as: "?\(Self.counting)")
        }
        for name in ["sort", "expand"] {
            for option in Self.options(of: name, in: declaration) {
                let parameters = always.merging([name: option]) { $1 }
                try await self.explain(declaration, parameters, as: "?\(name)=\(option)")
            }
        }
    }

    /// `[gt]` and `[lt]` find what they ask for as `[gte]` and `[lte]` do.
    private static func isStrict(_ field: Field) -> Bool {
        field.name.hasSuffix("[gt]") || field.name.hasSuffix("[lt]")
    }

    /// Calls the operation and has every read explained that it sent; of a page, what its second page sends too.
    private mutating func explain(
        _ declaration: OperationDeclaration,
        _ parameters: [String: String],
        as suffix: String
    ) async throws {
        let name = declaration.name + suffix
        _ = self.log.take()
        let body = try await self.call(declaration, parameters)
        try await self.explainReads(of: name)
        // Behind a filter the second page differs from the first as it does without one.
        guard suffix.isEmpty || suffix.hasPrefix("?sort"), case .page = declaration.output,
            body?["data"]?.array?.isEmpty == false
        else { return }
        let first = try await self.call(declaration, parameters.merging(["limit": "1"]) { $1 })
        guard let cursor = first?["next_cursor"]?.string else { return }
        _ = self.log.take()
        _ = try await self.call(declaration, parameters.merging(["cursor": cursor]) { $1 })
        try await self.explainReads(of: name)
    }

    /// What it answers; `nil` where there is nothing by that id, where another service would have to be asked, or where the handler
    /// does not understand a row that was made by its columns' types.
    private func call(_ declaration: OperationDeclaration, _ parameters: [String: String]) async throws -> JSON? {
        do throws(Fault) {
            // Some reads want a person who has just proved who they are.
            var caller = self.service.caller
            caller.session = Identifier.next(at: self.service.clock.now)
            caller.authenticatedAt = self.service.clock.now
            let reply = try await self.service.call(declaration.wireName, parameters, as: caller)
            return try? JSON(parsing: reply.body)
        } catch {
            guard [.notFound, .unavailable, .internalError].contains(error.code) else { throw error }
            return nil
        }
    }

    /// Has each read explained with its values, and as the plan for any values that the server keeps after a few rounds.
    private mutating func explainReads(of name: String) async throws {
        var isFirst = true
        for read in self.log.take() where self.explained.insert(read).inserted {
            let custom = try await self.service.database.read(
                read.scope,
                "EXPLAIN (FORMAT JSON) " + read.sql,
                read.values
            )
            let plan = try QueryPlan(try custom[0].text("QUERY PLAN"))
            // What the months of a page's first statement do not fill is looked for in the others by a second.
            if isFirst, plan.months > QueryPlan.monthsMax { self.note("looks into \(plan.months) months", of: name) }
            if plan.months > 0 { isFirst = false }
            let generic = try await self.service.database.read(
                read.scope,
                "SELECT explain_generic($1, $2::integer) AS plan",
                [.text(read.sql.description), .int(Int64(read.values.count))]
            )
            let isCounting = name.hasSuffix(Self.counting)
            for fault in plan.faults(isCounting: isCounting) { self.note(fault, of: name) }
            let general = try QueryPlan(try generic[0].text("plan"))
            guard general.isPreferred(to: plan) else { continue }
            for fault in general.faults(isCounting: isCounting) { self.note("for any values \(fault)", of: name) }
        }
        _ = self.log.take()
    }

    private mutating func note(_ fault: String, of name: String) {
        guard self.faults[name]?.contains(fault) != true else { return }
        self.faults[name, default: []].append(fault)
    }

    // MARK: - Values

    private static func choices(_ declarations: [OperationDeclaration]) -> JSON {
        var choices = JSONObject()
        for field in declarations.flatMap(\.query) where !Self.pages.contains(field.name) {
            if case .choice(let options) = field.kind { choices[field.name] = .array(options.map(JSON.string)) }
        }
        return .object(choices)
    }

    private static func options(of name: String, in declaration: OperationDeclaration) -> [String] {
        switch declaration.query.first(where: { $0.name == name })?.kind {
        case .choice(let options), .list(.choice(let options), _): options
        default: []
        }
    }

    /// A row of the organization that the operation can be about: `crm.deal.history` is about a `deal`.
    private func row(of declaration: OperationDeclaration) async throws -> String {
        let parts = declaration.name.split(separator: ".").map(String.init)
        let known = try await self.service.rows(
            """
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = $1
            AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'id')
            """,
            [.text(parts[1])]
        )
        guard known.count > 0 else { return Self.id }
        let rows = try await self.service.rows("SELECT id FROM " + SQL(identifier: parts[1]) + " LIMIT 50")
        return rows.count > 0 ? try rows[rows.count / 2].uuid("id").description : Self.id
    }

    /// In the middle of what is stored: a comparison lets half of the rows through.
    private static let halfway = Instant.system().advanced(bySeconds: -347 * 86_400)
    private static let id = "0198d0c8-0000-7000-8000-000000000001"

    /// A value that `field` takes; of a list of values, one.
    private static func value(of field: Field, in declaration: OperationDeclaration) -> String {
        if field.name.hasSuffix("[in]") {
            // A list of children has no filter by one id: the name is the parent's.
            let one = declaration.query.first { $0.name == field.name.dropLast(4) } ?? .identifier("id")
            return Self.value(of: one, in: declaration)
        }
        return switch field.kind {
        case .identifier: Self.id
        case .choice(let options), .list(.choice(let options), _): options[0]
        case .integer(let range): String(min(max(5_000, range.lowerBound), range.upperBound))
        case .boolean: "true"
        case .instant: Self.halfway.description
        case .date: String(Self.halfway.description.prefix(10))
        case .text(let rule) where rule.format == .currency: "EUR"
        case .text(let rule) where rule.format == .email: "ada@example.com"
        default: "many5000"
        }
    }
}
