internal import Contracts
internal import HTTP2
internal import Testing

@testable internal import GatewayService

/// Row S9: what another site has a browser send, with the cookie that it sends by itself, changes nothing.
@Suite struct CrossSiteTests {
    private static let cookie = HTTPField("cookie", "__Host-sid=owner")
    private static let body = Array(#"{"name":"Acme"}"#.utf8)

    @Test(arguments: [
        // A form that submits itself.
        [
            ("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        // JSON in the one type that needs no preflight.
        [("content-type", "text/plain"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("content-type", "text/plain"), ("origin", "https://evil.example")],
        // A page without an origin, a sibling of our own name, and who says nothing of where it comes from.
        [("content-type", "application/json"), ("origin", "null")],
        [("content-type", "application/json"), ("sec-fetch-site", "same-site")], [("content-type", "application/json")],
    ])
    func `a request from elsewhere is refused before it changes anything`(fields: [(String, String)]) async throws {
        let crm = FakeCRM()
        let installation = try await FakeInstallation(["crm": crm.router()])
        try await installation.run { client in
            let given = [Self.cookie] + fields.map { HTTPField($0.0, $0.1) }
            let refused = try await client.request(
                method: "POST",
                path: "/v1/client-companies",
                fields: given,
                body: Self.body
            )
            #expect(refused.status == 403)
            #expect(try JSON(parsing: refused.body)["code"] == "forbidden")
            #expect(crm.companiesCount == 0)
            let ours = [
                Self.cookie, HTTPField("content-type", "application/json"), HTTPField("sec-fetch-site", "same-origin"),
            ]
            let made = try await client.request(
                method: "POST",
                path: "/v1/client-companies",
                fields: ours,
                body: Self.body
            )
            #expect(made.status == 201 && crm.companiesCount == 1)
        }
    }
}
