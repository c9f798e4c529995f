internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Synchronization
internal import Telemetry
internal import TestKit
internal import Testing
internal import Vocabulary
internal import Wire

@testable internal import GatewayService

/// The gateway whole: HTTP/2 on one side, services over Wire on the other.
@Suite struct GatewayTests {
    private static let owner = HTTPField("authorization", "Bearer owner")
    private static let json = HTTPField("content-type", "application/json")

    private func create(_ client: HTTPClient, _ name: String, _ fields: [HTTPField] = []) async throws -> HTTPResponse {
        try await client.request(
            method: "POST",
            path: "/v1/client-companies",
            fields: [Self.owner, Self.json] + fields,
            body: JSON.object(["name": .string(name)]).bytes
        )
    }

    private func get(
        _ client: HTTPClient,
        _ path: String,
        _ fields: [HTTPField] = [Self.owner]
    ) async throws -> HTTPResponse {
        try await client.request(method: "GET", path: path, fields: fields)
    }

    private func code(_ response: HTTPResponse) throws -> String? {
        #expect(response.first("content-type") == "application/problem+json")
        let problem = try JSON(parsing: response.body)
        #expect(problem["status"]?.int64 == Int64(response.status))
        #expect(problem["request_id"]?.string == response.first("x-request-id"))
        return problem["code"]?.string
    }

    @Test func `an object is created, read, compared and changed`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            let created = try await self.create(client, "Acme", [HTTPField("idempotency-key", "again")])
            #expect(created.status == 201)
            #expect(created.first("etag") == "\"1\"")
            #expect(created.first("idempotency-replayed") == "true")
            #expect(created.first("cache-control") == "private, no-store")
            #expect(created.first("x-content-type-options") == "nosniff")
            let path = try #require(created.first("location"))
            let read = try await self.get(client, path)
            #expect(read.body == created.body && read.first("content-type") == "application/json")
            let same = try await self.get(client, path, [Self.owner, HTTPField("if-none-match", "\"1\"")])
            #expect(same.status == 304 && same.body.isEmpty && same.first("etag") == "\"1\"")
            func change(_ fields: [HTTPField]) async throws -> HTTPResponse {
                try await client.request(
                    method: "PATCH",
                    path: path,
                    fields: [Self.owner] + fields,
                    body: Array(#"{"name":"B"}"#.utf8)
                )
            }
            let patch = HTTPField("content-type", "application/merge-patch+json")
            #expect(try await change([patch, HTTPField("if-match", "\"1\"")]).first("etag") == "\"2\"")
            #expect(try self.code(try await change([patch, HTTPField("if-match", "\"1\"")])) == "stale")
            #expect(try self.code(try await change([patch])) == "precondition_required")
            #expect(try self.code(try await change([patch, HTTPField("if-match", "1")])) == "invalid_request")
            let deleted = try await client.request(method: "DELETE", path: path, fields: [Self.owner])
            #expect(deleted.status == 204 && deleted.body.isEmpty)
        }
    }

    @Test func `every refusal is a problem of one form`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            let list = "/v1/client-companies"
            let anonymous = try await self.get(client, list, [])
            #expect(try anonymous.status == 401 && self.code(anonymous) == "unauthenticated")
            #expect(anonymous.first("www-authenticate") == "Bearer")
            let unknown = try await self.get(client, list, [HTTPField("authorization", "Bearer nobody")])
            #expect(try unknown.status == 401 && self.code(unknown) == "unauthenticated")
            let viewer = [HTTPField("authorization", "Bearer viewer"), Self.json]
            let mayNot = try await client.request(method: "POST", path: list, fields: viewer, body: Array("{}".utf8))
            #expect(try mayNot.status == 403 && self.code(mayNot) == "forbidden")
            let key = [HTTPField("authorization", "Bearer key"), Self.json]
            let unscoped = try await client.request(method: "POST", path: list, fields: key, body: Array("{}".utf8))
            #expect(try unscoped.status == 403 && self.code(unscoped) == "forbidden")
            let missing = try await self.get(client, "/v1/client-companies/\(Identifier.random())")
            #expect(try missing.status == 404 && self.code(missing) == "not_found")
            #expect(try self.code(try await self.get(client, "/v1/nothing")) == "not_found")
            let method = try await client.request(method: "PUT", path: list, fields: [Self.owner])
            #expect(try method.status == 405 && self.code(method) == "method_not_allowed")
            #expect(method.first("allow") == "GET, POST, HEAD, OPTIONS")
            let text = [Self.owner, HTTPField("content-type", "text/plain")]
            let form = try await client.request(method: "POST", path: list, fields: text, body: Array("{}".utf8))
            #expect(try form.status == 415 && self.code(form) == "unsupported_media_type")
            let empty = try await client.request(
                method: "POST",
                path: list,
                fields: [Self.owner, Self.json],
                body: Array("{}".utf8)
            )
            #expect(try empty.status == 422 && self.code(empty) == "validation_failed")
            #expect(try self.code(try await self.get(client, list + "?colour=red")) == "invalid_request")
            #expect(try self.code(try await self.get(client, list + "?limit=%zz")) == "invalid_request")
            #expect(try self.code(try await self.get(client, "/v1/invoices")) == "unavailable")
        }
    }

    @Test func `a request keeps its id, its parameters and its caller`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            let id = Identifier.random().description
            let response = try await self.get(
                client,
                "/v1/client-companies?amount_minor%5Bgte%5D=7",
                [
                    HTTPField("cookie", "__Host-sid=owner"), HTTPField("x-request-id", id),
                    HTTPField("user-agent", "Ada's browser"),
                ]
            )
            #expect(response.first("x-request-id") == id)
            let body = try JSON(parsing: response.body)
            #expect(body["amount"] == 7)
            #expect(body["user_agent"] == "Ada's browser")
            #expect(body["organization"]?.string == FakeInstallation.organization.description)
            let page = try await self.get(client, "/v1/client-companies?limit=1")
            #expect(page.first("link") == "</v1/client-companies?limit=1&cursor=c2>; rel=\"next\"")
            let crossSite = try await client.request(
                method: "POST",
                path: "/v1/client-companies",
                fields: [
                    HTTPField("cookie", "__Host-sid=owner"), HTTPField("sec-fetch-site", "cross-site"), Self.json,
                ],
                body: Array(#"{"name":"A"}"#.utf8)
            )
            #expect(crossSite.status == 403)
            let dry = try await self.create(client, "Acme", [HTTPField("dry-run", "true")])
            #expect(try JSON(parsing: dry.body)["name"] == "dry")
        }
    }

    @Test func `a service that stops costs its own routes only, and a new operation appears`() async throws {
        let crm = FakeCRM()
        let installation = try await FakeInstallation(["crm": crm.router()])
        try await installation.run { client in
            let win = try await client.request(method: "POST", path: "/v1/deals/7/win", fields: [Self.owner])
            #expect(win.status == 404)
            await installation.stop("crm")
            let away = try await self.get(client, "/v1/client-companies")
            #expect(try away.status == 503 && self.code(away) == "unavailable" && away.first("retry-after") == "1")
            let signIn = try await client.request(
                method: "POST",
                path: "/v1/sessions",
                fields: [Self.json],
                body: Array(#"{"email":"a@b.example"}"#.utf8)
            )
            #expect(signIn.status == 201)
            let keyed = try await client.request(
                method: "POST",
                path: "/v1/sessions",
                fields: [Self.json, HTTPField("idempotency-key", "k")],
                body: Array(#"{"email":"a@b.example"}"#.utf8)
            )
            #expect(try keyed.status == 400 && self.code(keyed) == "invalid_request")
            #expect(String(decoding: keyed.body, as: UTF8.self).contains(#""pointer":"/header/idempotency-key""#))
            #expect(try await self.get(client, "/readyz").status == 200, "others go on")
            try await installation.start("crm", crm.router(with: [SampleOperations.win]))
            let path = "/v1/deals/\(Identifier.random())/win"
            try await eventually("the new operation is there") {
                let fields = [Self.owner, HTTPField("idempotency-key", "k")]
                return try await client.request(method: "POST", path: path, fields: fields).status == 200
            }
            let document = try JSON(parsing: try await self.get(client, "/openapi.json", []).body, depthMax: 64)
            #expect(document["paths"]?["/v1/deals/{id}/win"]?["post"]?["operationId"] == "crm.deal.win")
        }
    }

    @Test func `a revoked credential ends at once`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            let stream = try await client.stream(method: "GET", path: "/v1/deals/feed", fields: [Self.owner])
            #expect(stream.status == 200)
            installation.identity.revoke("owner")
            for try await _ in stream.body {}
            #expect(try await self.get(client, "/v1/client-companies").status == 401)
        }
    }

    @Test func `for a client that has gone nobody works on, and nothing is left behind`() async throws {
        let crm = FakeCRM()
        let installation = try await FakeInstallation(["crm": crm.router()])
        try await installation.run { client in
            let port = installation.port.withLock { $0 }
            let other = try await HTTPClient.connect(host: "127.0.0.1", port: port)
            await withTaskGroup(of: Void.self) { tasks in
                for _ in 1...3 {
                    tasks.addTask {
                        await #expect(throws: (any Error).self) {
                            try await other.request(method: "GET", path: "/v1/deals/forecast", fields: [Self.owner])
                        }
                    }
                }
                await crm.begun.reaches(3)
                await other.close()
                await crm.givenUp.reaches(3)
            }
            let calls = installation.gateway.registry.client(of: "crm")
            try await eventually("no call is in flight") { calls?.state.instances.map(\.callsInFlight) == [0] }
            #expect(try await self.get(client, "/v1/client-companies").status == 200)
            let exposition = String(decoding: installation.metrics.registry.exposition(), as: UTF8.self)
            let gone =
                #"http_server_request_duration_seconds_count{method="GET",route="/v1/deals/forecast",status="499"}"#
            #expect(exposition.contains(gone + " 3\n"))
            let calling = #"service="crm",operation="crm.deal.forecast/1",status="cancelled""#
            #expect(exposition.contains("rpc_client_duration_seconds_count{\(calling)} 3\n"))
        }
    }

    @Test func `a stream begins after the last event that was seen`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            let fields = [Self.owner, HTTPField("last-event-id", "41")]
            let stream = try await client.stream(method: "GET", path: "/v1/deals/feed?after=3", fields: fields)
            #expect(stream.fields.first("content-type") == "text/event-stream")
            var text: [UInt8] = []
            for try await piece in stream.body {
                text += piece
                if text.split(separator: UInt8(ascii: "\n")).count >= 6 { break }
            }
            let expected = (42...44).map { "id: \($0)\ndata: {\"sequence\":\($0)}\n\n" }.joined()
            #expect(String(decoding: text, as: UTF8.self) == expected)
            let refused = try await self.get(client, "/v1/deals/feed?after=1000")
            #expect(try refused.status == 410 && self.code(refused) == "gone")
            try await eventually("the stream is closed") { installation.gateway.streams.openCount == 0 }
        }
    }

    @Test func `too many requests are told when to come back`() async throws {
        var limits = RateLimits()
        limits.credential = RateLimit(perSecond: 1, burst: 2)
        limits.address = RateLimit(perSecond: 1, burst: 1)
        let installation = try await FakeInstallation(["crm": FakeCRM().router()], limits: limits)
        try await installation.run { client in
            let first = try await self.get(client, "/v1/client-companies")
            #expect(first.status == 200)
            #expect(first.first("ratelimit") == "\"credential\";r=1;t=1")
            #expect(first.first("ratelimit-policy") == "\"credential\";q=2;w=2, \"organization\";q=1000;w=2")
            var refused = try await self.get(client, "/v1/client-companies")
            // A slow machine earns tokens in between.
            for _ in 0..<20 where refused.status == 200 { refused = try await self.get(client, "/v1/client-companies") }
            #expect(try refused.status == 429 && self.code(refused) == "rate_limited")
            #expect(refused.first("retry-after") == "1")
            #expect(try await self.get(client, "/v1/client-companies", []).status == 401)
            #expect(try await self.get(client, "/v1/client-companies", []).status == 429)
        }
    }

    @Test func `a compressed object has a tag of its own, and both tags are good for every condition`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            let path = try #require(try await self.create(client, FakeCRM.wordy).first("location"))
            let gzip = HTTPField("accept-encoding", "gzip")
            let plain = try await self.get(client, path)
            #expect(plain.first("etag") == "\"1\"" && plain.first("content-encoding") == nil)
            let compressed = try await self.get(client, path, [Self.owner, gzip])
            #expect(compressed.first("etag") == "\"1-gzip\"" && compressed.first("content-encoding") == "gzip")
            for (tag, fields) in [("\"1\"", []), ("\"1-gzip\"", [gzip]), ("\"1-gzip\"", []), ("\"1\"", [gzip])] {
                let same = try await self.get(client, path, [Self.owner, HTTPField("if-none-match", tag)] + fields)
                #expect(same.status == 304 && same.first("etag") == tag && same.first("vary") == "accept-encoding")
            }
            let patch = [Self.owner, HTTPField("content-type", "application/merge-patch+json")]
            func change(_ tag: String) async throws -> HTTPResponse {
                let fields = patch + [HTTPField("if-match", tag), gzip]
                return try await client.request(method: "PATCH", path: path, fields: fields, body: Array("{}".utf8))
            }
            #expect(try await change("\"1-gzip\"").first("etag") == "\"2-gzip\"")
            #expect(try await change("\"2\"").first("etag") == "\"3-gzip\"")
            #expect(try self.code(try await change("\"2-gzip\"")) == "stale")
        }
    }

    @Test func `large answers are compressed for those who accept it`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()], origins: ["https://app.example"])
        try await installation.run { client in
            for index in 0..<20 { #expect(try await self.create(client, "Company \(index)").status == 201) }
            let plain = try await self.get(client, "/v1/client-companies")
            #expect(plain.first("content-encoding") == nil && plain.body.count > Exchange.compressedBytesMin)
            let fields = [Self.owner, HTTPField("accept-encoding", "br, gzip")]
            let compressed = try await self.get(client, "/v1/client-companies", fields)
            #expect(compressed.first("content-encoding") == "gzip" && compressed.body.count < plain.body.count)
            #expect(Gzip.decompress(compressed.body, bytesMax: 1 << 20) == plain.body)
            let preflight = try await client.request(
                method: "OPTIONS",
                path: "/v1/client-companies",
                fields: [
                    HTTPField("origin", "https://app.example"), HTTPField("access-control-request-method", "POST"),
                ]
            )
            #expect(preflight.status == 204)
            #expect(preflight.first("access-control-allow-methods") == "GET, POST, HEAD, OPTIONS")
            #expect(preflight.first("access-control-allow-origin") == "https://app.example")
        }
    }

    @Test func `the gateway's own pages are there`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            #expect(try JSON(parsing: try await self.get(client, "/", []).body)["name"] == "gateway")
            #expect(try await self.get(client, "/livez", []).status == 200)
            installation.loops.blocked.withLock { $0 = [1] }
            let blocked = try await self.get(client, "/livez", [])
            #expect(blocked.status == 503 && blocked.body == Array("event loops are blocked\n".utf8))
            installation.loops.blocked.withLock { $0 = [] }
            let verbose = String(decoding: try await self.get(client, "/readyz?verbose", []).body, as: UTF8.self)
            let checks = ["listening", "crm", "identity"].map { #"{"name":"\#($0)","status":"ok"}"# }
            #expect(verbose == #"{"status":"ready","checks":[\#(checks.joined(separator: ","))]}"#)
            let problems = String(decoding: try await self.get(client, "/docs/problems", []).body, as: UTF8.self)
            for code in Fault.Code.documented { #expect(problems.contains("id=\"\(code.rawValue)\"")) }
            let head = try await client.request(method: "HEAD", path: "/openapi.json")
            #expect(head.status == 200 && head.body.isEmpty)
            for page in ["/", "/openapi.json", "/docs/problems", "/livez", "/readyz"] {
                let refused = try await client.request(method: "POST", path: page)
                #expect(try refused.status == 405 && self.code(refused) == "method_not_allowed")
                #expect(refused.first("allow") == "GET, HEAD, OPTIONS")
                let options = try await client.request(method: "OPTIONS", path: page)
                #expect(options.status == 204 && options.first("allow") == "GET, HEAD, OPTIONS")
            }
            #expect(try await self.get(client, "/readyz?a=1&verbose=1", []).body == Array(verbose.utf8))
            #expect(try await self.get(client, "/readyz?verbosely", []).body == Array("ok\n".utf8))
            let exposition = String(decoding: installation.metrics.registry.exposition(), as: UTF8.self)
            #expect(
                exposition.contains(#"http_server_request_duration_seconds_count{method="GET",route="-",status="200"}"#)
            )
        }
    }
}
