internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import ServiceKit
internal import Vocabulary

/// Shows an engagement across services: its projects from here, its invoices from revenue, what happened last from the timeline.
struct EngagementOverview: Operation {
    static let projectsMax = 200
    /// The list of projects ends once it is this long, so that the whole overview fits an answer beside as many bytes of invoices.
    static let projectsBytesEnough = 256 * 1_024

    static let declaration = OperationDeclaration(
        "delivery.engagement.overview",
        .get("/v1/engagements/{id}/overview"),
        access: .read("delivery"),
        "An engagement with its projects, invoices and last activity."
    )
    .described(
        "A part whose service cannot be asked at this moment, or may not be by this caller, is `null`, and `problems` says why."
    )
    .answers(
        .object(
            "EngagementOverview",
            [
                .object("engagement", Resource.engagement.visible),
                .object("client_company", [.identifier("id"), .text("name", max: 200)]).nullable(),
                .list("projects", of: Self.project, countMax: Self.projectsMax)
                    .described("Oldest first; `problems` says so where there are more."),
                .list("invoices", of: .document(bytesMax: Int.max), countMax: InvoiceSummary.invoicesMax).nullable()
                    .described("As revenue shows them, newest first."),
                .list("totals", of: InvoiceSummary.fields, countMax: InvoiceSummary.invoicesMax).nullable()
                    .described("Sums over those invoices, for each currency."),
                .document("last_activity").nullable(),
                .list("problems", of: Self.problem, countMax: 10),
            ]
        )
    )
    .faults(.notFound)
    .calling("revenue", "timeline")

    private static let project: [Field] =
        Resource.project.visible + [
            .object("tasks_by_status", WorkTask.Status.allCases.map { .integer($0.rawValue, 0...Int64.max) }),
            .object("milestones_by_status", Milestone.Status.allCases.map { .integer($0.rawValue, 0...Int64.max) }),
        ]

    private static let problem: [Field] = [
        .text("part", max: 50), .text("code", max: 50), .text("detail", max: 2_000),
    ]

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Gathers an overview.
struct EngagementOverviews: Sendable {
    let engagements: ResourceStore
    let projects: ResourceStore
    let database: Database
    let peers: PeerCalls

    func register(in router: inout Router) {
        router.serve(EngagementOverview.self) { request, context in
            // First what is here: who may not see the engagement learns nothing of the rest either.
            let (here, cut) = try await self.gather(request.id, context)
            async let invoices = self.part("invoices") { () async throws(Fault) in
                try await InvoiceSummary.read(request.id, self.peers, context)
            }
            async let activity = self.part("last_activity") { () async throws(Fault) in
                try await self.lastActivity(of: request.id, context)
            }
            let parts = (invoices: await invoices, activity: await activity)
            var body = here
            body["invoices"] = parts.invoices.value.map { .array($0.invoices) } ?? .null
            body["totals"] = parts.invoices.value.map { .array($0.totals) } ?? .null
            body["last_activity"] = parts.activity.value ?? .null
            let incomplete = parts.invoices.value.flatMap(\.problem)
            let problems = [cut, parts.invoices.problem, incomplete, parts.activity.problem]
            body["problems"] = .array(problems.compactMap { $0 })
            return Reply(body: JSON.object(body).bytes)
        }
    }

    private struct Part<Value: Sendable>: Sendable {
        var value: Value?
        var problem: JSON?
    }

    private func part<Value: Sendable>(
        _ name: String,
        _ read: @Sendable () async throws(Fault) -> Value
    ) async -> Part<Value> {
        do throws(Fault) {
            return Part(value: try await read())
        } catch {
            return Part(problem: OverviewProblem.json(name, error.code.rawValue, error.detail))
        }
    }

    private func lastActivity(of id: Identifier, _ context: CallContext) async throws(Fault) -> JSON {
        let page = try await self.peers.read(
            "timeline.activity.list/1",
            ["engagement_id": id.description, "limit": "1"],
            for: context
        )
        return page["data"]?.array?.first ?? .null
    }

    // MARK: - What is here

    /// What this service knows, and a problem where that is not all of it.
    private func gather(_ id: Identifier, _ context: CallContext) async throws -> (body: JSONObject, problem: JSON?) {
        let organization = try context.caller().organization
        return try await self.database.transaction(.organization(organization), deadline: context.deadline) {
            transaction in
            guard let engagement = try self.engagements.find(id, for: organization, in: transaction) else {
                throw Fault.notFound(Resource.engagement.label)
            }
            let projects = try self.projects.rows(
                where: "engagement_id = $2 ORDER BY created_at, id LIMIT $3",
                [.uuid(id), .int(Int64(EngagementOverview.projectsMax + 1))],
                for: organization,
                in: transaction
            )
            let tasks = try Self.counts(
                """
                SELECT project_id, status, count(*) AS count FROM task
                WHERE organization_id = $1 AND engagement_id = $2 AND deleted_at IS NULL GROUP BY 1, 2
                """,
                of: id,
                for: organization,
                in: transaction
            )
            let milestones = try Self.counts(
                """
                SELECT project_id, status, count(*) AS count FROM milestone
                WHERE organization_id = $1 AND engagement_id = $2 AND deleted_at IS NULL GROUP BY 1, 2
                """,
                of: id,
                for: organization,
                in: transaction
            )
            var body = JSONObject()
            body["engagement"] = try JSON(parsing: engagement.json)
            body["client_company"] = try Self.client(of: engagement, for: organization, in: transaction)
            var shown: [JSON] = []
            var bytes = 0
            for project in projects.prefix(EngagementOverview.projectsMax)
            where bytes < EngagementOverview.projectsBytesEnough {
                var entry = try JSON(parsing: project.json).object ?? JSONObject()
                entry["tasks_by_status"] = Self.json(tasks[project.id], WorkTask.Status.self)
                entry["milestones_by_status"] = Self.json(milestones[project.id], Milestone.Status.self)
                shown.append(.object(entry))
                bytes += project.json.count
            }
            body["projects"] = .array(shown)
            return (body, shown.count < projects.count ? Self.truncated(shown.count) : nil)
        }
    }

    private static func truncated(_ count: Int) -> JSON {
        OverviewProblem.json(
            "projects",
            "truncated",
            "Only the oldest \(count) projects are shown; GET /v1/projects lists them all."
        )
    }

    private static func counts(
        _ sql: SQL,
        of id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> [Identifier: [String: Int64]] {
        let rows = try transaction.query(sql, [.uuid(organization), .uuid(id)])
        var counts: [Identifier: [String: Int64]] = [:]
        for index in 0..<rows.count {
            counts[try rows[index].uuid("project_id"), default: [:]][try rows[index].text("status")] = try rows[index]
                .int("count")
        }
        return counts
    }

    private static func json<State: Lifecycle>(_ counts: [String: Int64]?, _: State.Type) -> JSON {
        .object(JSONObject(State.allCases.map { (key: $0.rawValue, value: .int(counts?[$0.rawValue] ?? 0)) }))
    }

    private static func client(
        of engagement: Stored,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> JSON {
        guard let id = try engagement.row.uuidOrNil("client_company_id") else { return .null }
        let rows = try transaction.query(
            "SELECT name FROM client_company_ref WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(id)]
        )
        guard rows.count == 1 else { return .null }
        return ["id": .string(id.description), "name": .string(try rows[0].text("name"))]
    }
}

/// Why a part of an overview is missing or incomplete.
enum OverviewProblem {
    static func json(_ part: String, _ code: String, _ detail: String) -> JSON {
        ["part": .string(part), "code": .string(code), "detail": .string(detail)]
    }
}
