internal import Contracts
internal import HTTP2
internal import Testing

@testable internal import GatewayService

/// A browser's session comes in cookies and goes with them; no operation is known to the gateway by name.
@Suite struct SessionCookiesTests {
    private static let json = HTTPField("content-type", "application/json")
    private static let asked = HTTPField("session-delivery", "cookie")
    private static let ours = HTTPField("sec-fetch-site", "same-origin")
    private static let cookies = HTTPField("cookie", "theme=dark; __Host-sid=owner; __Host-refresh=rt_old")
    private static let set = [
        "__Host-sid=st_new; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax",
        "__Host-refresh=rt_new; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Strict",
    ]
    private static let device = "__Host-device=dv_1; Path=/; Max-Age=15552000; Secure; HttpOnly; SameSite=Strict"
    private static let cleared = [
        "__Host-sid=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax",
        "__Host-refresh=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
    ]

    private static func declaration(_ verb: String, _ access: Access, _ effect: SessionEffect) -> OperationDeclaration {
        OperationDeclaration("crm.visit.\(verb)", .post("/v1/visits/\(verb)"), access: access, "A visit.")
            .body([.text("note", max: 9)]).answers(.object("Visit", [.text("token", max: 9)])).session(effect)
    }

    private static var router: Router {
        var router = FakeCRM().router()
        let new = SessionChange.begun(accessToken: "st_new", refreshToken: "rt_new", seconds: 43_200)
        for (verb, access) in [("begin", Access.open), ("switch", .person)] {
            router.serve(self.declaration(verb, access, .begins)) { _, context in
                var reply = context.delivery.isCookies ? Reply.nothing : Reply(body: Array(#"{"token":"st_new"}"#.utf8))
                reply.session = new
                return reply
            }
        }
        // As a sign-in does: who shows no device is given one.
        router.serve(self.declaration("know", .open, .begins)) { _, context in
            var reply = Reply.nothing
            guard case .cookies(nil, let device) = context.delivery else { return reply }
            reply.session = .begun(
                accessToken: "st_new",
                refreshToken: "rt_new",
                seconds: 43_200,
                deviceToken: device ?? "dv_1"
            )
            return reply
        }
        router.serve(self.declaration("refresh", .open, .refreshes)) { _, context in
            guard context.delivery == .cookies(refreshToken: "rt_old") else { throw Fault(.unauthenticated, "No.") }
            var reply = Reply.nothing
            reply.session = new
            return reply
        }
        router.serve(self.declaration("end", .person, .ends)) { _, _ in .ended }
        // It says what it did not declare: nobody's cookies change by that.
        let silent = OperationDeclaration("crm.visit.silent", .post("/v1/visits/silent"), access: .person, "A visit.")
        router.serve(silent.answersNothing()) { _, _ in .ended }
        return router
    }

    /// What is sent to which operation, and the answer's status and cookies.
    struct Case: Sendable {
        let verb: String
        let fields: [HTTPField]
        let status: Int
        let cookies: [String]

        init(_ verb: String, _ fields: [HTTPField], _ status: Int, _ cookies: [String] = []) {
            self.verb = verb
            self.fields = fields
            self.status = status
            self.cookies = cookies
        }
    }

    private static let owner = HTTPField("authorization", "Bearer owner")
    private static let elsewhere = HTTPField("sec-fetch-site", "cross-site")

    static let cases: [Case] = [
        // Who asks gets cookies and no body; who does not, a body and no cookies.
        Case("begin", [asked, ours], 204, set), Case("begin", [], 200), Case("begin", [cookies, ours], 200),
        Case("switch", [owner, asked, ours], 204, set), Case("switch", [owner], 200),
        // The cookie of a device goes to where a session begins, and comes back.
        Case("know", [asked, ours], 204, set + [device]),
        Case("know", [HTTPField("cookie", "__Host-device=dv_1")], 204),
        Case("know", [asked, ours, HTTPField("cookie", "__Host-device=dv_1")], 204, set + [device]),
        // A session in cookies stays in cookies, whatever a script leaves out.
        Case("switch", [cookies, ours], 204, set), Case("switch", [cookies, asked, ours], 204, set),
        // From another site nobody is signed in, in or out.
        Case("begin", [asked, elsewhere], 403), Case("begin", [asked], 403),
        Case("begin", [asked, HTTPField("origin", "https://evil.example")], 403),
        Case("refresh", [cookies, asked, elsewhere], 403), Case("end", [cookies, elsewhere], 403),
        Case("switch", [cookies, elsewhere], 403),
        // A refresh takes the cookie only where it is asked to, and one that is no good any more is taken away.
        Case("refresh", [cookies, asked, ours], 204, set), Case("refresh", [cookies, ours], 401),
        Case("refresh", [asked, ours], 401, cleared),
        Case("refresh", [asked, ours, HTTPField("cookie", "__Host-refresh=rt_stolen")], 401, cleared),
        // The end of a session clears the cookies of who came with them.
        Case("end", [cookies, ours], 204, cleared), Case("end", [owner], 204),
        Case("silent", [cookies, ours], 204), Case("begin", [HTTPField("session-delivery", "body"), ours], 400),
    ]

    @Test func `cookies are set and cleared by what the operation declares`() async throws {
        let installation = try await FakeInstallation(["crm": Self.router])
        try await installation.run { client in
            for sent in Self.cases {
                let response = try await client.request(
                    method: "POST",
                    path: "/v1/visits/\(sent.verb)",
                    fields: sent.fields + [Self.json],
                    body: Array("{}".utf8)
                )
                #expect(response.status == sent.status, "\(sent)")
                #expect(response.fields.filter { $0.name == "set-cookie" }.map(\.value) == sent.cookies, "\(sent)")
                if response.status == 204 { #expect(response.body.isEmpty) }
            }
        }
    }

    @Test func `a catalog that does something unheard of to sessions is not served so`() throws {
        var entry = try #require(
            Catalog(service: "crm", operations: [Self.declaration("end", .person, .ends)], events: []).json[
                "operations"
            ]?
            .array?.first?.object
        )
        #expect(try CatalogOperation(.object(entry)).session == .ends)
        entry["session"] = "lends"
        #expect(throws: CatalogOperation.Refusal.self) { try CatalogOperation(.object(entry)) }
    }
}
