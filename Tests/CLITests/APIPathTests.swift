internal import Testing

@testable internal import throughline

@Suite struct APIPathTests {
    @Test func `a short path stands below the version`() throws {
        #expect(
            try APIPath.make("deals", query: ["amount_minor[gte]=10", "q=a b&c"])
                == "/v1/deals?amount_minor[gte]=10&q=a%20b%26c"
        )
    }

    @Test func `a whole path stays, and its query is continued`() throws {
        #expect(try APIPath.make("/openapi.json?x=1", query: ["y=ü"]) == "/openapi.json?x=1&y=%C3%BC")
    }

    @Test func `a value may hold equals signs`() throws {
        let (name, value) = try APIPath.pair("a=b=c")
        #expect(name == "a")
        #expect(value == "b=c")
    }

    @Test(arguments: ["", "a", "=b"])
    func `what is no pair is a usage error`(text: String) {
        let failure = #expect(throws: CLIFailure.self) { try APIPath.pair(text) }
        #expect(failure?.kind == .usage)
    }
}
