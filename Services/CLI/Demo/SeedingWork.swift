internal import Contracts
internal import Vocabulary

/// Engagements, projects and tasks of the demo firm.
extension Seeding {
    mutating func engage(
        _ client: Client,
        monthly: Int64,
        from day: LocalDate
    ) async throws(CLIFailure) -> String {
        let contract = try await self.contract(client, monthly: monthly, from: day, then: ["send", "sign"])
        let engagement = try await self.firm.waitForRow("the engagement", "/v1/engagements?contract_id=\(contract)")
        self.bar.advance(by: 1)
        return try engagement.id(of: "engagement")
    }

    private func project(of engagement: String) async throws(CLIFailure) -> String {
        try await self.firm.waitForRow("the project", "/v1/projects?engagement_id=\(engagement)").id(of: "project")
    }

    /// An engagement in each state, and over their projects every state of projects and tasks.
    mutating func runEngagements(beside aged: String) async throws(CLIFailure) {
        let today = self.firm.today
        let held = try await self.engage(self.clients[1], monthly: 150_000, from: today)
        let completed = try await self.engage(self.clients[2], monthly: 60_000, from: today)
        let cancelled = try await self.engage(self.clients[3], monthly: 45_000, from: today)
        // Its project has not begun.
        _ = try await self.engage(self.clients[4], monthly: 30_000, from: today)

        try await self.workOn(try await self.project(of: aged))
        let heldProject = try await self.project(of: held)
        _ = try await self.firm.post("/v1/projects/\(heldProject)/start")
        _ = try await self.firm.post("/v1/projects/\(heldProject)/hold", Payload.reason("Waiting for access."))
        _ = try await self.firm.post("/v1/engagements/\(held)/hold", Payload.reason("The client is restructuring."))

        let done = try await self.project(of: completed)
        for verb in ["start", "complete"] {
            _ = try await self.firm.post("/v1/projects/\(done)/\(verb)")
        }
        try await self.settleDrafts(of: completed)
        _ = try await self.firm.post("/v1/engagements/\(completed)/complete")

        let dropped = try await self.project(of: cancelled)
        _ = try await self.firm.post("/v1/projects/\(dropped)/cancel", Payload.reason("Not needed any more."))
        _ = try await self.firm.post("/v1/engagements/\(cancelled)/cancel", Payload.reason("Ended by agreement."))
        self.bar.advance(by: 1)
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
            ("Agree on goals", ["start", "submit", "complete"]), ("Build", ["start", "submit"]), ("Hand over", []),
            ("Write a summary", ["start"]), ("Travel", ["cancel"]),
        ]
        for (name, verbs) in moves {
            let id: String
            if let known = ids[name] {
                id = known
            } else {
                id = try await self.firm.create("/v1/tasks", ["project_id": .string(project), "name": .string(name)])
            }
            for verb in verbs {
                let body: JSON = verb == "cancel" ? Payload.reason("Done remotely.") : .object([:])
                _ = try await self.firm.post("/v1/tasks/\(id)/\(verb)", body)
            }
        }
    }
}
