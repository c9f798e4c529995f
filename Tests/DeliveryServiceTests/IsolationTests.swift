internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

/// Made from the catalog: a new operation is covered without a case of its own.
@Suite struct IsolationTests {
    @Test func anotherTenantsIDIsAsUnknownAsARandomOne() async throws {
        try await World.run { world in
            let template = try await world.id("project_template", World.template)
            let engagement = try await world.engagement(template: template)
            var ids = ["engagement": engagement, "project_template": template]
            for name in ["project", "milestone", "task"] {
                ids[name] = try await world.service.json("delivery.\(name).list/1")["data"]?.array?.first?["id"]?.string
            }
            // None is parked here; an id of nobody's serves as well.
            ids["parked_event"] = Identifier.random().description
            var checked = 0
            for declaration in world.service.router.declarations
            where declaration.path.contains(where: { $0.name == "id" }) {
                let name = String(declaration.name.split(separator: ".")[1])
                let id = try #require(ids[name], "\(name)")
                // Whatever the operation asks for: what it does not ask for is not looked at.
                var body: JSONObject = [:]
                if case .object(let fields) = declaration.body {
                    if fields.contains(where: { $0.name == "reason" }) { body["reason"] = "x" }
                    if fields.contains(where: { $0.name == "starts_on" }) { body["starts_on"] = "2027-01-01" }
                }
                var faults: [Fault?] = []
                for candidate in [id, Identifier.random().description] {
                    faults.append(
                        await world.service.refusal(
                            declaration.wireName,
                            ["id": candidate],
                            body: .object(body),
                            ifMatch: 1,
                            as: world.service.stranger
                        )
                    )
                }
                #expect(faults[0]?.code == .notFound, "\(declaration.wireName)")
                #expect(faults[0] == faults[1], "\(declaration.wireName)")
                checked += 1
            }
            #expect(checked > 30)
        }
    }

    @Test func everyEventThatAnOperationNamesIsDeclared() async throws {
        try await World.run { world in
            let declared = Set(world.service.router.events.map(\.type))
            #expect(declared.count == world.service.router.events.count)
            for declaration in world.service.router.declarations {
                for event in declaration.events {
                    #expect(declared.contains(event), "\(declaration.wireName): \(event)")
                }
            }
        }
    }
}
