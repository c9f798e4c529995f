internal import Contracts
internal import HTTP2
internal import Testing
internal import Vocabulary

@testable internal import GatewayService

@Suite struct MailboxTests {
    private static let id = Identifier.random()

    private static func mail(_ id: Identifier, _ subject: String, _ time: String) -> JSONObject {
        [
            "id": .string(id.description), "subject": .string(subject), "to": "grace@example.com", "state": "sent",
            "text": "<b>Hello</b> & \"good\" 'bye", "created_at": .string(time),
        ]
    }

    /// Two mails of one service, the older first; texts that a page must not believe.
    private static var router: Router {
        var router = Router(service: "crm")
        router.serve(OperationDeclaration("crm.mailbox.list", nil, access: .process("gateway"), "")) { _, _ in
            let json: JSON = [
                "data": [
                    .object(Self.mail(.random(), "First", "2026-11-01")),
                    .object(Self.mail(Self.id, "<i>Second</i>", "2026-11-02")),
                ]
            ]
            return Reply(body: json.bytes)
        }
        let read = OperationDeclaration("crm.mailbox.read", nil, access: .process("gateway"), "")
            .body([.identifier("id").required()])
        router.serve(read) { input, _ in
            guard try input.identifier("id") == Self.id else { throw Fault.notFound("mail") }
            var json = Self.mail(Self.id, "<i>Second</i>", "2026-11-02")
            json["html"] = "<!doctype html><p>Hello</p>"
            return Reply(body: JSON.object(json).bytes)
        }
        return router
    }

    private func get(
        _ client: HTTPClient,
        _ path: String,
        _ fields: [HTTPField] = []
    ) async throws -> (HTTPResponse, String) {
        let response = try await client.request(method: "GET", path: path, fields: fields)
        return (response, String(decoding: response.body, as: UTF8.self))
    }

    @Test func `a service that cannot be asked has no empty mailbox`() async throws {
        var router = Router(service: "crm")
        router.serve(OperationDeclaration("crm.mailbox.list", nil, access: .process("gateway"), "")) { _, _ in
            throw Fault(.unavailable, "The database is away.")
        }
        let read = OperationDeclaration("crm.mailbox.read", nil, access: .process("gateway"), "")
            .body([.identifier("id").required()])
        router.serve(read) { _, _ in throw Fault.notFound("mail") }
        let installation = try await FakeInstallation(["crm": router], hasMailbox: true)
        try await installation.run { client in
            let (list, _) = try await self.get(client, "/dev/mail")
            #expect(list.status == 503)
            let (one, _) = try await self.get(client, "/dev/mail/\(Self.id)")
            #expect(one.status == 404)
        }
    }

    @Test func `what was not sent is listed, the newest first, and read`() async throws {
        let installation = try await FakeInstallation(["crm": Self.router], hasMailbox: true)
        try await installation.run { client in
            let (list, page) = try await self.get(client, "/dev/mail")
            #expect(list.status == 200 && list.first("content-type") == "text/html; charset=utf-8")
            let second = try #require(page.firstRange(of: "&lt;i&gt;Second&lt;/i&gt;"))
            let first = try #require(page.firstRange(of: "First"))
            #expect(second.lowerBound < first.lowerBound)
            let (_, one) = try await self.get(client, "/dev/mail/\(Self.id)")
            #expect(one.contains("<pre>&lt;b&gt;Hello&lt;/b&gt; &amp; &quot;good&quot; &#39;bye</pre>"))
            let (html, text) = try await self.get(client, "/dev/mail/\(Self.id)/html")
            #expect(text == "<!doctype html><p>Hello</p>")
            #expect(html.first("content-security-policy") == "default-src 'none'; frame-ancestors 'none'")
            let json = HTTPField("accept", "application/json")
            let (_, listed) = try await self.get(client, "/dev/mail", [json])
            let mails = try JSON(parsing: Array(listed.utf8))["data"]?.array
            #expect(mails?.map { $0["subject"]?.string } == ["<i>Second</i>", "First"])
            #expect(try await self.get(client, "/dev/mail/\(Identifier.random())").0.status == 404)
            #expect(try await self.get(client, "/dev/mail/x").0.status == 404)
            #expect(try await client.request(method: "POST", path: "/dev/mail").status == 404)
        }
    }

    @Test func `where nobody asked for it there is none`() async throws {
        let installation = try await FakeInstallation(["crm": Self.router])
        try await installation.run { client in
            let (answer, _) = try await self.get(client, "/dev/mail")
            #expect(answer.status == 404)
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "localhost:8080", true), ("127.0.0.1", "127.0.0.1:8080", true), ("::1", "[::1]:8443", true),
        ("::ffff:127.0.0.1", "localhost", true),
        ("192.0.2.1", "localhost:8080", false), ("127.0.0.1", "firm.example:8080", false), ("127.0.0.1", "", false),
        ("127.0.0.1", "localhost.firm.example", false), ("", "localhost", false), ("127.0.0.1", "[::1", false),
    ])
    func `it is for this machine, by a name of this machine`(peer: String, authority: String, isOurs: Bool) {
        let request = HTTPRequest(method: "GET", target: "/dev/mail", authority: authority, remoteAddress: peer)
        #expect(Mailbox.isOfThisMachine(request) == isOurs)
    }
}
