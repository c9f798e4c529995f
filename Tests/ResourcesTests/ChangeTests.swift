internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ChangeTests {
    @Test func `A create answers what is stored, with its place and version`() async throws {
        try await Workshop.run { shop in
            let reply = try await shop.call("shop.gadget.create/1", body: ["name": "lamp", "external_id": "L-1"])
            let gadget = try JSON(parsing: reply.body)
            let id = try #require(gadget["id"]?.string)
            #expect(reply.status == 201)
            #expect(reply.etag == 1)
            #expect(reply.location == "/v1/gadgets/\(id)")
            #expect(gadget.object?.keys == Workshop.gadget.visible.map(\.name))
            #expect(gadget["size"] == 1)
            #expect(gadget["created_at"] == "2026-11-22T09:00:00.000000Z")
            #expect(try await shop.json("shop.gadget.get/1", ["id": id]) == gadget)
            let fault = await shop.refusal("shop.gadget.create/1", body: ["name": "lamp", "external_id": "L-1"])
            #expect(fault?.code == .conflict)
            #expect(fault?.problems.map(\.pointer) == ["/external_id"])
        }
    }

    @Test func `Every problem of a body is reported at once`() async throws {
        try await Workshop.run { shop in
            let body: JSON = ["size": 101, "colour": "pink", "id": "x", "weight": 3, "note": 5]
            let fault = await shop.refusal("shop.gadget.create/1", body: body)
            #expect(fault?.code == .validationFailed)
            #expect(
                fault.map { Set($0.problems.map { "\($0.pointer) \($0.code)" }) } == [
                    "/name required", "/size out_of_range", "/colour choice", "/id read_only", "/weight unknown_field",
                    "/note type",
                ]
            )
        }
    }

    @Test func `A change needs the version that was read`() async throws {
        try await Workshop.run { shop in
            let id = try await shop.gadget()["id"]?.string ?? ""
            #expect(
                await shop.refusal("shop.gadget.change/1", ["id": id], body: ["size": 2])?.code == .preconditionRequired
            )
            let changed = try await shop.call("shop.gadget.change/1", ["id": id], body: ["size": 2], ifMatch: 1)
            #expect(changed.etag == 2)
            #expect(
                await shop.refusal("shop.gadget.change/1", ["id": id], body: ["size": 3], ifMatch: 1)?.code == .stale
            )
            #expect(await shop.refusal("shop.gadget.delete/1", ["id": id], ifMatch: 1)?.code == .stale)
            let unchanged = try await shop.call("shop.gadget.get/1", ["id": id]) { $0.ifNoneMatch = VersionMatch(2) }
            #expect(unchanged.status == 304)
            #expect(unchanged.body.isEmpty)
        }
    }

    @Test func `A merge patch leaves what it does not name, clears with null, and goes down into objects`() async throws
    {
        try await Workshop.run { shop in
            let body: JSON = [
                "name": "Acme", "address": ["city": "Berlin", "street": "Main"],
                "custom_fields": ["a": 1, "b": ["c": 2, "d": 3]],
            ]
            let id = try await shop.json("shop.maker.create/1", body: body)["id"]?.string ?? ""
            let patch: JSON = ["address": ["street": .null], "custom_fields": ["a": .null, "b": ["c": 9]]]
            let changed = try await shop.json("shop.maker.change/1", ["id": id], body: patch, ifMatch: 1)
            #expect(changed["name"] == "Acme")
            #expect(changed["address"] == ["city": "Berlin"])
            #expect(changed["custom_fields"] == ["b": ["c": 9, "d": 3]])
            let cleared = try await shop.json("shop.maker.change/1", ["id": id], body: ["address": .null], ifMatch: 2)
            #expect(cleared["address"] == .null)
            #expect(
                await shop.refusal("shop.maker.change/1", ["id": id], body: ["name": .null], ifMatch: 3)?.code
                    == .validationFailed
            )
            #expect(try await shop.json("shop.maker.change/1", ["id": id], body: [:], ifMatch: 3)["version"] == 3)
        }
    }

    @Test func `What is set on creation stays`() async throws {
        try await Workshop.run { shop in
            let id = try await shop.gadget(["name": "lamp", "serial": "S1"])["id"]?.string ?? ""
            let fault = await shop.refusal("shop.gadget.change/1", ["id": id], body: ["serial": "S2"], ifMatch: 1)
            #expect(fault?.problems.map(\.code) == ["read_only"])
        }
    }

    @Test func `Every change is an event that says what was before`() async throws {
        try await Workshop.run { shop in
            let id = try await shop.gadget(["name": "lamp", "note": "old"])["id"]?.string ?? ""
            _ = try await shop.json("shop.gadget.change/1", ["id": id], body: ["note": .null, "size": 4], ifMatch: 1)
            _ = try await shop.call("shop.gadget.delete/1", ["id": id])
            _ = try await shop.json("shop.gadget.restore/1", ["id": id])
            let events = try await shop.events()
            #expect(events.map(\.type) == ["gadget.created", "gadget.updated", "gadget.deleted", "gadget.restored"])
            let updated = try JSON(parsing: events[1].payload)
            #expect(updated["previous"] == ["note": "old", "size": 1])
            #expect(updated["data"]?["size"] == 4)
            #expect(events[1].aggregateVersion == 2)
            #expect(events[1].actor == shop.caller.actor)
            #expect(events.last?.aggregateVersion == 4)
        }
    }
}
