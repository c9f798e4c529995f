internal import Contracts
internal import EventLog
internal import ServiceKit
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct OverviewTests {
    private static func invoice(_ status: String, _ currency: String, total: Int64, paid: Int64 = 0) -> JSON {
        [
            "status": .string(status), "currency": .string(currency), "total_minor": .int(total),
            "paid_minor": .int(paid),
            "credited_minor": 0, "balance_minor": .int(status == "cancelled" ? 0 : total - paid),
        ]
    }

    /// Revenue with two pages of invoices, and a timeline.
    private static let peers = PeerCalls { operation, parameters, _ throws(Fault) in
        let value = { (name: String) in parameters.first { $0.name == name }?.value }
        switch operation {
        case "revenue.invoice.list/1" where value("cursor") == nil:
            return [
                "data": [
                    Self.invoice("sent", "EUR", total: 1_000, paid: 400), Self.invoice("draft", "EUR", total: 9_000),
                ],
                "next_cursor": "second", "has_more": true,
            ]
        case "revenue.invoice.list/1":
            return [
                "data": [
                    Self.invoice("cancelled", "EUR", total: 500), Self.invoice("paid", "USD", total: 70, paid: 70),
                ],
                "next_cursor": .null, "has_more": false,
            ]
        case "timeline.activity.list/1":
            return ["data": [["type": "invoice.paid", "engagement_id": .string(value("engagement_id") ?? "")]]]
        default:
            throw Fault(.notFound, "There is no such operation.")
        }
    }

    @Test func gathersWhatThreeServicesKnow() async throws {
        try await World.run(peers: Self.peers) { world in
            let template = try await world.id("project_template", World.template)
            let contract = world.contract(template: template)
            let id = try #require(try await world.receive(contract).first).aggregateID
            let client = try #require(try JSON(parsing: contract.payload)["data"]?["client_company_id"]?.identifier)
            try await world.service.receive(
                "client_company.created",
                from: "crm",
                aggregate: client,
                payload: ["data": ["name": "Northwind"]],
                world.handlers
            )
            let first = try await world.service.json("delivery.task.list/1", ["sort": "created_at"])["data"]?.array?
                .first
            try await world.post("task.start", try #require(first?["id"]?.string))

            let overview = try await world.service.json("delivery.engagement.overview/1", ["id": id.description])
            #expect(overview["engagement"]?["id"] == .string(id.description))
            #expect(overview["client_company"]?["name"] == "Northwind")
            let project = try #require(overview["projects"]?.array?.first)
            #expect(
                project["tasks_by_status"] == [
                    "todo": 2, "in_progress": 1, "review": 0, "completed": 0, "cancelled": 0,
                ]
            )
            #expect(project["milestones_by_status"] == ["open": 2, "completed": 0, "cancelled": 0])
            #expect(overview["invoices"]?.array?.count == 4)
            #expect(
                overview["totals"] == [
                    [
                        "currency": "EUR", "invoices": 3, "drafts": 1, "invoiced_minor": 1_000, "paid_minor": 400,
                        "credited_minor": 0, "balance_minor": 600,
                    ],
                    [
                        "currency": "USD", "invoices": 1, "drafts": 0, "invoiced_minor": 70, "paid_minor": 70,
                        "credited_minor": 0, "balance_minor": 0,
                    ],
                ]
            )
            #expect(overview["last_activity"]?["engagement_id"] == .string(id.description))
            #expect(overview["problems"] == [])
        }
    }

    @Test func aServiceThatIsDownIsAPartThatIsMissing() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let overview = try await world.service.json("delivery.engagement.overview/1", ["id": id])
            #expect(overview["engagement"]?["id"] == .string(id))
            for part in ["invoices", "totals", "last_activity"] { #expect(overview[part] == .null) }
            #expect(overview["problems"]?.array?.map { $0["part"] } == ["invoices", "last_activity"])
            #expect(overview["problems"]?.array?.allSatisfy { $0["code"] == "unavailable" } == true)
        }
    }

    @Test func aStrangerReachesNoPeer() async throws {
        let peers = PeerCalls { operation, _, _ throws(Fault) in
            Issue.record("\(operation) was asked")
            return .null
        }
        try await World.run(peers: peers) { world in
            let id = try await world.engagement()
            for verb in ["overview", "trace"] {
                let fault = await world.service.refusal(
                    "delivery.engagement.\(verb)/1",
                    ["id": id],
                    as: world.service.stranger
                )
                #expect(fault == .notFound("engagement"))
            }
        }
    }

    @Test func manyProjectsEndByTheirBytesAndSaySo() async throws {
        let peers = PeerCalls { _, _, _ throws(Fault) in ["data": [], "next_cursor": .null] }
        try await World.run(peers: peers) { world in
            let id = try await world.engagement()
            let before = try await world.service.json("delivery.engagement.overview/1", ["id": id])
            #expect(before["problems"] == [])
            let long = String(repeating: "d", count: 20_000)
            for number in 1...15 {
                let body: JSON = [
                    "engagement_id": .string(id), "name": .string("Project \(number)"), "description": .string(long),
                ]
                _ = try await world.create("project", body)
            }
            let overview = try await world.service.json("delivery.engagement.overview/1", ["id": id])
            let shown = try #require(overview["projects"]?.array)
            #expect((10..<15).contains(shown.count))
            #expect(shown.last?["name"] != "Project 15", "the oldest are shown")
            #expect(overview["problems"]?.array?.map { $0["part"] } == ["projects"])
            #expect(overview["problems"]?.array?.map { $0["code"] } == ["truncated"])
        }
    }

    @Test func manyInvoicesAreAddedUpAndNotAllShown() async throws {
        let invoices = (0..<150).map { _ in
            var invoice = Self.invoice("sent", "EUR", total: 10).object ?? JSONObject()
            invoice["notes"] = .string(String(repeating: "n", count: 3_000))
            return JSON.object(invoice)
        }
        let peers = PeerCalls { operation, _, _ throws(Fault) in
            operation == "revenue.invoice.list/1" ? ["data": .array(invoices), "next_cursor": .null] : ["data": []]
        }
        try await World.run(peers: peers) { world in
            let id = try await world.engagement()
            let overview = try await world.service.json("delivery.engagement.overview/1", ["id": id])
            let shown = try #require(overview["invoices"]?.array?.count)
            #expect((50..<100).contains(shown))
            #expect(overview["totals"]?.array?.first?["invoices"] == 150)
            #expect(overview["totals"]?.array?.first?["balance_minor"] == 1_500)
            #expect(overview["problems"]?.array?.map { $0["code"] } == ["truncated"])
        }
    }
}
