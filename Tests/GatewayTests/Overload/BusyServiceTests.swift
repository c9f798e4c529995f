internal import Contracts
internal import HTTP2
internal import Synchronization
internal import TestKit
internal import Testing
internal import Wire

@testable internal import GatewayService

@Suite struct BusyServiceTests {
    private static let owner = HTTPField("authorization", "Bearer owner")
    private static let places = 20

    private func ask(_ client: HTTPClient) async throws -> HTTPResponse {
        try await client.request(method: "GET", path: "/v1/deals/forecast", fields: [Self.owner])
    }

    @Test func `What a full service refused, the gateway refuses alike and by itself`() async throws {
        let crm = FakeCRM()
        let full = Mutex<FullService?>(nil)
        let installation = try await FakeInstallation(["crm": crm.router()]) { service, endpoint in
            guard service == "crm" else { return endpoint }
            let handler = FullService(endpoint, places: Self.places)
            full.withLock { $0 = handler }
            return handler
        }
        try await installation.run { client in
            let service = try #require(full.withLock { $0 })
            let port = installation.port.withLock { $0 }
            let other = try await HTTPClient.connect(host: "127.0.0.1", port: port)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<Self.places {
                    tasks.addTask { _ = try? await self.ask(other) }
                }
                await crm.begun.reaches(Self.places)
                let first = try await self.ask(client)
                #expect(first.status == 503 && service.refused == 1)
                // The limit rises by a tenth or so of itself ten times a second: a few are still asked.
                let asked = 200
                for _ in 0..<asked {
                    let next = try await self.ask(client)
                    #expect(next.status == 503 && next.first("retry-after") == "1")
                    #expect(try JSON(parsing: next.body)["detail"] == JSON(parsing: first.body)["detail"])
                }
                #expect(service.refused < asked / 2)
                // Who writes is not held back by who reads.
                let body = JSON.object(["name": .string("Acme")]).bytes
                let fields = [Self.owner, HTTPField("content-type", "application/json")]
                let path = "/v1/client-companies"
                let before = service.refused
                _ = try await client.request(method: "POST", path: path, fields: fields, body: body)
                #expect(service.refused == before + 1)
                await other.close()
                try await tasks.waitForAll()
            }
            await crm.givenUp.reaches(Self.places)
            try await eventually("everything is open again") {
                try await client.request(method: "GET", path: "/v1/client-companies", fields: [Self.owner]).status
                    == 200
            }
        }
    }
}
