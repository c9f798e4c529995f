internal import Contracts
internal import Testing

@testable internal import GatewayService

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/v1/deals", []),
        ("/v1/deals?", []),
        ("/v1/deals?a=1&b=2", ["a=1", "b=2"]),
        ("/v1/deals?amount_minor[gte]=1000", ["amount_minor[gte]=1000"]),
        ("/v1/deals?amount_minor%5Bgte%5D=1000", ["amount_minor[gte]=1000"]),
        ("/v1/search?q=a+b%2Bc%20d", ["q=a b+c d"]),
        ("/v1/search?q=M%C3%BCller", ["q=Müller"]),
        ("/v1/search?q=a=b", ["q=a=b"]),
        ("/v1/search?q", ["q="]),
        ("/v1/search?q=&&x=?", ["q=", "x=?"]),
        ("/v1/search?a=1&a=2", ["a=1", "a=2"]),
    ]) func `a query is read`(target: String, expected: [String]) throws {
        let target = RequestTarget(target)
        #expect(try target.queryParameters().map { "\($0.name)=\($0.value)" } == expected)
        #expect(!target.path.contains("?"))
    }

    @Test(arguments: ["/?a=%", "/?a=%4", "/?a=%zz", "/?%ff=1", "/?=1", "/?a=%c3"])
    func `a query that is not percent-encoded UTF-8 is refused`(target: String) {
        #expect(throws: Fault.self) { try RequestTarget(target).queryParameters() }
    }

    @Test(arguments: [
        ("/v1/deals", "/v1/deals?cursor=a%2Bb"),
        ("/v1/deals?limit=2&cursor=x", "/v1/deals?limit=2&cursor=a%2Bb"),
        ("/v1/deals?cursor=x&name=M%C3%BCller", "/v1/deals?name=M%C3%BCller&cursor=a%2Bb"),
    ]) func `the next page is the same list with another cursor`(target: String, expected: String) {
        #expect(RequestTarget(target).link(cursor: "a+b") == expected)
    }

    @Test func `too many parameters are refused`() {
        let query = (0...RequestTarget.parametersMax).map { "a\($0)=1" }.joined(separator: "&")
        #expect(throws: Fault.self) { try RequestTarget("/?\(query)").queryParameters() }
    }
}
