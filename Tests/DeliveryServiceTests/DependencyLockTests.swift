internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct DependencyLockTests {
    /// As a deletion goes: the task is locked, then marked.
    private static let locking: SQL = "SELECT id FROM task WHERE organization_id = $1 AND id = $2 FOR UPDATE"
    private static let marking: SQL = """
        UPDATE task SET deleted_at = now(), version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING id
        """

    @Test(arguments: ["create", "change"])
    func `What begins to wait for a task that is being deleted waits for that, and is refused`(
        verb: String
    ) async throws {
        try await World.run { world in
            let project = try await world.project()
            let gone = try await world.task("Gone", in: project)
            let other = try await world.task("Other", in: project)
            let values: [SQLValue] = [.uuid(world.service.organization), .text(gone)]
            try await world.service.meeting(
                { transaction in
                    _ = try transaction.query(Self.locking, values)
                    _ = try transaction.query(Self.marking, values)
                },
                {
                    let dependencies: JSON = [.string(gone)]
                    let fault =
                        switch verb {
                        case "create":
                            await world.service.refusal(
                                "delivery.task.create/1",
                                body: ["project_id": .string(project), "name": "Late", "depends_on": dependencies]
                            )
                        default:
                            await world.service.refusal(
                                "delivery.task.change/1",
                                ["id": other],
                                body: ["depends_on": dependencies],
                                ifMatch: 1
                            )
                        }
                    #expect(fault?.problems.map(\.pointer) == ["/depends_on/0"])
                }
            )
            #expect(try await world.service.json("delivery.task.get/1", ["id": other])["depends_on"] == [])
        }
    }
}
