internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct EngagementMovesTests {
    @Test func isHeldResumedAndCancelled() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let held = try await world.post("engagement.hold", id, because: "The client is restructuring.")
            #expect(held["status"] == "on_hold")
            #expect(held["status_reason"] == "The client is restructuring.")
            #expect(await world.refusal("engagement.complete", id)?.members["allowed"] == ["active", "cancelled"])
            let resumed = try await world.post("engagement.resume", id)
            #expect(resumed["status"] == "active")
            #expect(resumed["status_reason"] == .null)
            #expect(await world.refusal("engagement.resume", id)?.code == .invalidTransition)
            let cancelled = try await world.post("engagement.cancel", id, because: "Ended by agreement.")
            #expect(cancelled["status"] == "cancelled")
            #expect(cancelled["closed_at"]?.string == world.service.clock.now.description)
            #expect(await world.refusal("engagement.hold", id, because: "No.")?.members["allowed"] == [])
            let types = try await world.service.events().map(\.type)
            #expect(types.suffix(3) == ["engagement.held", "engagement.resumed", "engagement.cancelled"])
        }
    }

    @Test(arguments: ["hold", "cancel"])
    func needsAReason(verb: String) async throws {
        try await World.run { world in
            let id = try await world.engagement()
            #expect(await world.refusal("engagement.\(verb)", id)?.problems.first?.pointer == "/reason")
            #expect(await world.refusal("engagement.\(verb)", id, because: "  ")?.problems.first?.pointer == "/reason")
        }
    }

    @Test func isCompletedOnceNothingIsLeftToDoOrToSend() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let project = try await world.project(in: id)
            #expect(await world.refusal("engagement.complete", id)?.problems.first?.code == "projects_unfinished")
            try await world.post("project.start", project)
            try await world.post("project.complete", project)

            let (invoice, dropped) = (Identifier.random(), Identifier.random())
            try await world.invoice("created", invoice, of: id, status: "draft", version: 1)
            try await world.invoice("created", dropped, of: id, status: "draft", version: 1)
            #expect(await world.refusal("engagement.complete", id)?.problems.first?.code == "draft_invoices")
            try await world.invoice("finalized", invoice, of: id, status: "sent", version: 2)
            // A late event of an earlier version is no news.
            try await world.invoice("updated", invoice, of: id, status: "draft", version: 1)
            #expect(await world.refusal("engagement.complete", id)?.detail == "Invoices that are still drafts: 1.")
            try await world.invoice("deleted", dropped, of: id, status: "draft", version: 1)
            let completed = try await world.post("engagement.complete", id)
            #expect(completed["status"] == "completed")
            // Each try waited for what revenue knows.
            #expect(world.caughtUp.producers == ["revenue", "revenue", "revenue", "revenue"])
        }
    }

    /// With revenue away nobody knows of its drafts: the engagement is completed once it is back, and not before.
    @Test func isNotCompletedOnStaleKnowledge() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            world.isReachable.set(false)
            let fault = await world.refusal("engagement.complete", id)
            #expect(fault?.code == .unavailable)
            #expect(fault?.retryAfter == 1)
            let stored = try await world.service.json("delivery.engagement.get/1", ["id": id])
            #expect(stored["status"] == "active")
            // What it could not tell: there is a draft.
            try await world.invoice("created", Identifier.random(), of: id, status: "draft", version: 1)
            world.isReachable.set(true)
            #expect(await world.refusal("engagement.complete", id)?.problems.first?.code == "draft_invoices")
        }
    }

    @Test func takesNoProjectOnceItIsClosed() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            try await world.post("engagement.cancel", id, because: "Ended.")
            let fault = await world.service.refusal(
                "delivery.project.create/1",
                body: ["engagement_id": .string(id), "name": "Late"]
            )
            #expect(fault?.code == .conflict)
            #expect(fault?.problems.first?.code == "engagement_closed")
        }
    }

    @Test func changesItsNameOwnerAndNotesAndNothingElse() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let owner = try await world.member()
            let changed = try await world.service.json(
                "delivery.engagement.change/1",
                ["id": id],
                body: ["name": "Relaunch", "owner_id": .string(owner), "notes": "Kick-off in Berlin."],
                ifMatch: 1
            )
            #expect(changed["name"] == "Relaunch")
            #expect(changed["owner_id"] == .string(owner))
            #expect(changed["version"] == 2)
            let fault = await world.service.refusal(
                "delivery.engagement.change/1",
                ["id": id],
                body: ["status": "completed"],
                ifMatch: 2
            )
            #expect(fault?.problems.first?.code == "read_only")
            let stale = await world.service.refusal(
                "delivery.engagement.hold/1",
                ["id": id],
                body: ["reason": "x"],
                ifMatch: 1
            )
            #expect(stale?.code == .stale)
        }
    }

    @Test func aVerbRepeatedUnderItsKeyAnswersTheSame() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let first = try await world.service.call(
                "delivery.engagement.hold/1",
                ["id": id],
                body: ["reason": "Wait."],
                key: "k1"
            )
            let again = try await world.service.call(
                "delivery.engagement.hold/1",
                ["id": id],
                body: ["reason": "Wait."],
                key: "k1"
            )
            #expect(again.isReplayed)
            #expect(again.body == first.body)
            #expect(try await world.service.events("engagement.held").count == 1)
        }
    }

    @Test func aViewerMovesNothing() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let fault = await world.service.refusal("delivery.engagement.resume/1", ["id": id], role: .viewer)
            #expect(fault?.code == .forbidden)
        }
    }
}
