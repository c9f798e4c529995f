internal import Contracts
internal import Vocabulary

/// Engagements, projects and tasks of the demo firm.
extension Seeding {
    mutating func engage(_ client: Client, _ terms: Terms) async throws(CLIFailure) -> String {
        let contract = try await self.contract(client, terms, then: ["send", "sign"])
        let engagement = try await self.firm.waitForRow("the engagement", "/v1/engagements?contract_id=\(contract)")
        self.bar.advance(by: 1)
        return try engagement.id(of: "engagement")
    }

    private func project(of engagement: String) async throws(CLIFailure) -> String {
        try await self.firm.waitForRow("the project", "/v1/projects?engagement_id=\(engagement)").id(of: "project")
    }

    /// An engagement in each state, and over their projects every state of projects and tasks.
    mutating func runEngagements(beside main: String) async throws(CLIFailure) {
        let held = try await self.engage(self.clients[1], Terms(monthly: 150_000))
        let completed = try await self.engage(self.clients[2], Terms(monthly: 60_000, isOnce: true))
        let cancelled = try await self.engage(self.clients[3], Terms(monthly: 45_000))
        // Its project has not begun.
        _ = try await self.engage(self.clients[4], Terms(monthly: 30_000))

        let project = try await self.project(of: main)
        try await self.workOn(project)
        try await self.passMilestones(of: project)
        let heldProject = try await self.project(of: held)
        _ = try await self.firm.post("/v1/projects/\(heldProject)/start")
        _ = try await self.firm.post("/v1/projects/\(heldProject)/hold", Payload.reason("Waiting for access."))
        _ = try await self.firm.post("/v1/engagements/\(held)/hold", Payload.reason("The client is restructuring."))

        let done = try await self.project(of: completed)
        for verb in ["start", "complete"] {
            _ = try await self.firm.post("/v1/projects/\(done)/\(verb)")
        }
        try await self.sendFirstInvoice(of: completed)
        _ = try await self.firm.post("/v1/engagements/\(completed)/complete")

        let dropped = try await self.project(of: cancelled)
        _ = try await self.firm.post("/v1/projects/\(dropped)/cancel", Payload.reason("Not needed any more."))
        _ = try await self.firm.post("/v1/engagements/\(cancelled)/cancel", Payload.reason("Ended by agreement."))
        self.bar.advance(by: 1)
    }

    /// The kick-off is behind it, the template's other milestone is open, and one that was added is not needed any more.
    private func passMilestones(of project: String) async throws(CLIFailure) {
        for milestone in try await self.firm.api.rows("/v1/milestones?project_id=\(project)") {
            guard milestone["name"]?.string == "Kick-off" else {
                continue
            }
            _ = try await self.firm.post("/v1/milestones/\(try milestone.id(of: "milestone"))/complete")
        }
        let added = try await self.firm.create(
            "/v1/milestones",
            ["project_id": .string(project), "name": "Second opinion"]
        )
        _ = try await self.firm.post("/v1/milestones/\(added)/cancel", Payload.reason("The first one was enough."))
    }

    /// Carries the template's tasks to different states, in the order their dependencies allow, and adds two beside them.
    private func workOn(_ project: String) async throws(CLIFailure) {
        _ = try await self.firm.post("/v1/projects/\(project)/start")
        let tasks = try await self.firm.api.rows("/v1/tasks?project_id=\(project)")
        var ids: [String: String] = [:]
        for task in tasks {
            ids[try task.text("name", of: "task")] = try task.id(of: "task")
        }
        let moves = [
            ("Agree on goals", ["start", "submit", "complete"]), ("Build", ["start", "submit"]),
            ("Write a summary", ["start"]), ("Travel", ["cancel"]),
        ]
        for name in ["Write a summary", "Travel"] {
            ids[name] = try await self.firm.create(
                "/v1/tasks",
                ["project_id": .string(project), "name": .string(name)]
            )
        }
        for (name, verbs) in moves {
            guard let id = ids[name] else {
                throw CLIFailure(.failure, "the project has no task \(name)")
            }
            for verb in verbs {
                let body: JSON = verb == "cancel" ? Payload.reason("Done remotely.") : .object([:])
                _ = try await self.firm.post("/v1/tasks/\(id)/\(verb)", body)
            }
        }
    }
}
