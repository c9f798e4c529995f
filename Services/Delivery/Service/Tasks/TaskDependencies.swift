internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Which tasks of a project wait for which. Whoever changes them holds the project's lock, so that two changes that are each
/// sound cannot close a circle together.
struct TaskDependencies: Sendable {
    let project: Identifier
    let organization: Identifier

    /// The column that a task shows.
    static let list: SQL = """
        SELECT coalesce(jsonb_agg(dependency.depends_on_id ORDER BY dependency.depends_on_id), '[]'::jsonb)
        FROM task_dependency AS dependency
        WHERE dependency.organization_id = task.organization_id AND dependency.task_id = task.id
        """

    /// Replaces what a task waits for, or begins it for a task that is inserted next.
    func replace(_ dependencies: [Identifier], of task: Identifier, in transaction: borrowing Transaction) throws {
        try self.requireKnown(dependencies, in: transaction)
        var graph = try self.graph(without: task, in: transaction)
        for dependency in dependencies { try graph.add(task, dependsOn: dependency) }
        try transaction.queue(
            "DELETE FROM task_dependency WHERE organization_id = $1 AND task_id = $2",
            [.uuid(self.organization), .uuid(task)]
        )
        try self.add(dependencies, to: task, in: transaction)
    }

    /// Adds dependencies that are known to be sound.
    func add(_ dependencies: [Identifier], to task: Identifier, in transaction: borrowing Transaction) throws(SQLFault)
    {
        guard !dependencies.isEmpty else { return }
        try transaction.queue(
            """
            INSERT INTO task_dependency (organization_id, project_id, task_id, depends_on_id)
            SELECT $1::uuid, $2::uuid, $3::uuid, dependency FROM unnest($4::uuid[]) AS dependency
            ON CONFLICT DO NOTHING
            """,
            [.uuid(self.organization), .uuid(self.project), .uuid(task), .uuids(dependencies)]
        )
    }

    /// Holds them too: a deletion locks its task `FOR UPDATE` and only then asks who waits for it, so that it is either seen here or
    /// sees what is added here.
    private func requireKnown(_ dependencies: [Identifier], in transaction: borrowing Transaction) throws {
        guard !dependencies.isEmpty else { return }
        let rows = try transaction.query(
            """
            SELECT id FROM task
            WHERE organization_id = $1 AND project_id = $2 AND id = ANY ($3::uuid[]) AND deleted_at IS NULL
            ORDER BY id FOR KEY SHARE
            """,
            [.uuid(self.organization), .uuid(self.project), .uuids(dependencies)]
        )
        var known: Set<Identifier> = []
        for index in 0..<rows.count { known.insert(try rows[index].uuid("id")) }
        let problems = dependencies.enumerated().filter { !known.contains($0.element) }.map { index, _ in
            Problem("/depends_on/\(index)", "unknown_reference", "There is no task with this id in the project.")
        }
        guard problems.isEmpty else { throw Fault.invalid(problems) }
    }

    private func graph(
        without task: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> DependencyGraph<Identifier> {
        let rows = try transaction.query(
            "SELECT task_id, depends_on_id FROM task_dependency WHERE organization_id = $1 AND project_id = $2 AND task_id <> $3",
            [.uuid(self.organization), .uuid(self.project), .uuid(task)]
        )
        var edges: [(task: Identifier, dependency: Identifier)] = []
        for index in 0..<rows.count {
            edges.append((try rows[index].uuid("task_id"), try rows[index].uuid("depends_on_id")))
        }
        return DependencyGraph(restoring: edges)
    }

    // MARK: - For the verbs

    /// The states of what a task waits for. Deleted tasks keep nobody waiting.
    static func states(
        of task: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [WorkTask.Status] {
        let rows = try transaction.query(
            """
            SELECT task.status FROM task_dependency AS dependency
            JOIN task ON task.organization_id = dependency.organization_id AND task.id = dependency.depends_on_id
            WHERE dependency.organization_id = $1 AND dependency.task_id = $2 AND task.deleted_at IS NULL
            """,
            [.uuid(organization), .uuid(task)]
        )
        var states: [WorkTask.Status] = []
        for index in 0..<rows.count { states.append(try WorkTask.Status(stored: try rows[index].text("status"))) }
        return states
    }

    /// Lets go of what a task waited for, before it is deleted; refuses while others wait for it.
    static func release(
        _ task: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        let rows = try transaction.query(
            """
            SELECT task.id FROM task_dependency AS dependency
            JOIN task ON task.organization_id = dependency.organization_id AND task.id = dependency.task_id
            WHERE dependency.organization_id = $1 AND dependency.depends_on_id = $2 AND task.deleted_at IS NULL
            ORDER BY task.id LIMIT 10
            """,
            [.uuid(organization), .uuid(task)]
        )
        var waiting: [JSON] = []
        for index in 0..<rows.count { waiting.append(["type": "task", "id": .string(try rows[index].text("id"))]) }
        guard waiting.isEmpty else {
            throw Fault(
                .conflict,
                "Other tasks wait for this one. Cancel it instead, or take it out of their depends_on first.",
                problems: [Problem("", "in_use", "Other tasks wait for it.")],
                members: ["in_the_way": .array(waiting)]
            )
        }
        try transaction.queue(
            "DELETE FROM task_dependency WHERE organization_id = $1 AND task_id = $2",
            [.uuid(organization), .uuid(task)]
        )
    }
}
