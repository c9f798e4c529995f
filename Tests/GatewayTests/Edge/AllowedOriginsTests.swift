internal import HTTP2
internal import NIOCore
internal import Testing

@testable internal import GatewayService

@Suite struct AllowedOriginsTests {
    private let origins = AllowedOrigins(["https://app.example"])

    private func request(_ origin: String?, preflight: Bool = false) -> HTTPRequest {
        var fields = origin.map { [HTTPField("origin", $0)] } ?? []
        if preflight { fields.append(HTTPField("access-control-request-method", "PATCH")) }
        return HTTPRequest(method: preflight ? "OPTIONS" : "GET", target: "/v1/deals", fields: fields)
    }

    @Test func `a listed origin may read, and is named exactly`() {
        let fields = self.origins.fields(for: self.request("https://app.example"))
        #expect(fields.first("access-control-allow-origin") == "https://app.example")
        #expect(fields.first("access-control-allow-credentials") == nil)
        #expect(fields.first("vary") == "origin")
    }

    @Test(arguments: ["https://app.example.evil.example", "http://app.example", "https://APP.example", "null"])
    func `any other origin may not`(origin: String) {
        #expect(self.origins.fields(for: self.request(origin)) == [HTTPField("vary", "origin")])
        #expect(self.origins.preflightFields(for: self.request(origin, preflight: true), methods: ["GET"]).isEmpty)
    }

    @Test func `a preflight learns the methods of the path`() {
        let fields = self.origins.preflightFields(
            for: self.request("https://app.example", preflight: true),
            methods: ["GET", "PATCH"]
        )
        #expect(fields.first("access-control-allow-methods") == "GET, PATCH")
    }

    @Test func `without a list nothing is said`() {
        #expect(AllowedOrigins([]).fields(for: self.request("https://app.example")).isEmpty)
    }
}
