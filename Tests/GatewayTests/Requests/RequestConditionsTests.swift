internal import Contracts
internal import HTTP2
internal import Testing

@testable internal import GatewayService

@Suite struct RequestConditionsTests {
    private func read(_ name: String, _ value: String) throws(Fault) -> RequestConditions {
        try RequestConditions([HTTPField(name, value)], deadlineMillisecondsMax: 10_000)
    }

    @Test func `what is not said is not asked for`() throws {
        let conditions = try RequestConditions([], deadlineMillisecondsMax: 10_000)
        #expect(conditions.idempotencyKey == nil && conditions.ifMatch == nil && conditions.ifNoneMatch == nil)
        #expect(!conditions.isDryRun && conditions.deadlineMilliseconds == 10_000 && conditions.lastEventID == nil)
    }

    @Test func `each field is read`() throws {
        #expect(try self.read("idempotency-key", "a-1").idempotencyKey == "a-1")
        #expect(try self.read("if-match", "\"7\"").ifMatch == VersionMatch(7))
        #expect(try self.read("if-none-match", "\"7\"").ifNoneMatch == VersionMatch(7))
        #expect(try self.read("dry-run", "true").isDryRun)
        #expect(try !self.read("dry-run", "false").isDryRun)
        #expect(try self.read("last-event-id", "42").lastEventID == "42")
    }

    @Test(arguments: [("250", 250), ("60000", 10_000)])
    func `a deadline can be lowered and not raised`(value: String, expected: Int) throws {
        #expect(try self.read("x-request-timeout", value).deadlineMilliseconds == expected)
    }

    @Test(arguments: [
        ("idempotency-key", ""), ("idempotency-key", "a b"), ("idempotency-key", "é"),
        ("idempotency-key", String(repeating: "a", count: 256)), ("if-match", "7"), ("if-match", ""),
        ("if-match", ", ,"), ("if-match", "\"7"), ("if-match", "\"7\" \"8\""), ("if-match", "\"a b\""),
        ("if-match", "w/\"7\""), ("if-match", "*, \"7\""), ("if-match", "\"7\", *"),
        ("if-match", String(repeating: "\"7\",", count: 33)), ("if-none-match", "7"), ("dry-run", "yes"),
        ("x-request-timeout", "0"), ("x-request-timeout", "soon"),
        ("last-event-id", "a"), ("last-event-id", "-1"), ("last-event-id", String(repeating: "1", count: 19)),
    ]) func `what cannot be read is a 400 that names the header`(name: String, value: String) {
        let fault = #expect(throws: Fault.self) { try self.read(name, value) }
        #expect(fault?.code == .invalidRequest)
        #expect(fault?.problems.map(\.pointer) == ["/header/\(name)"])
    }
}

@Suite struct EntityTagsTests {
    /// Tags, which versions they agree with strongly, and which weakly.
    @Test(arguments: [
        ("\"7\"", [7], [7]),
        ("W/\"7\"", [], [7]),
        ("\"7\", \"8\"", [7, 8], [7, 8]),
        ("W/\"7\",\"8\"", [8], [7, 8]),
        (" , \"7\"\t,, W/\"9\" ", [7], [7, 9]),
        // Tags of some other server, or of none, are well formed and agree with nothing.
        ("\"\"", [], []),
        ("\"x,y\", \"07\", \"-1x\", \"é\"", [], []),
        ("\"9223372036854775808\"", [], []),
        // The same version as it went compressed.
        ("\"7-gzip\"", [7], [7]), ("W/\"7-gzip\", \"8\"", [8], [7, 8]),
        ("\"7-br\", \"-gzip\", \"07-gzip\", \"7-gzip-gzip\"", [], []),
    ]) func `a list agrees with the versions it names`(value: String, strong: [Int64], weak: [Int64]) {
        #expect(EntityTags.parse(value, .strong) == .versions(strong))
        #expect(EntityTags.parse(value, .weak) == .versions(weak))
    }

    @Test func `the same version in two codings has two tags, and both name it`() {
        #expect(EntityTags.tag(7, .identity) == "\"7\"")
        #expect(EntityTags.tag(7, .gzip) == "\"7-gzip\"")
        for coding in EntityTags.Coding.allCases {
            #expect(EntityTags.parse(EntityTags.tag(7, coding), .strong) == VersionMatch(7))
        }
        #expect(EntityTags.coding(of: 7, in: "\"6-gzip\", \"7-gzip\"") == .gzip)
        #expect(EntityTags.coding(of: 7, in: "\"7\"") == .identity)
        #expect(EntityTags.coding(of: 7, in: nil) == .identity)
    }

    @Test func `a star agrees with any version`() {
        #expect(EntityTags.parse(" * ", .strong) == .any)
        #expect(EntityTags.parse("*", .weak)?.matches(1) == true)
    }

    @Test func `fields of one name are one list, with one limit`() throws {
        func read(_ values: [String]) throws(Fault) -> VersionMatch? {
            let fields = values.map { HTTPField("if-match", $0) }
            return try RequestConditions(fields, deadlineMillisecondsMax: 1).ifMatch
        }
        #expect(try read(["\"7\"", "W/\"8\"", "\"9\""]) == .versions([7, 9]))
        #expect(throws: Fault.self) { try read(["\"7\"", "*"]) }
        let half = Array(repeating: "\"7\"", count: 17).joined(separator: ",")
        #expect(throws: Fault.self) { try read([half, half]) }
    }
}

@Suite struct PresentedCredentialTests {
    private func request(_ method: String, _ fields: [(String, String)]) -> HTTPRequest {
        HTTPRequest(method: method, target: "/", authority: "app.example", fields: fields.map { HTTPField($0.0, $0.1) })
    }

    @Test func `a bearer token goes before a cookie`() throws {
        let request = self.request("GET", [("cookie", "__Host-sid=st_c"), ("authorization", "Bearer st_b")])
        let credential = try #require(try PresentedCredential(request))
        #expect(credential.token == "st_b" && credential.source == .bearer)
    }

    @Test func `a cookie is found among others and in any crumb`() throws {
        let request = self.request(
            "GET",
            [("cookie", "theme=dark"), ("cookie", "x__Host-sid=no; __Host-sid=st_c; y=1")]
        )
        let credential = try #require(try PresentedCredential(request))
        #expect(credential.token == "st_c" && credential.source == .cookie)
    }

    @Test func `no credential is none`() throws {
        #expect(try PresentedCredential(self.request("GET", [])) == nil)
    }

    @Test(arguments: ["Basic abc", "Bearer", "Bearer ", "Bearer a b", "st_a"])
    func `an authorization that is no bearer token is refused`(value: String) {
        #expect(throws: Fault.self) { try PresentedCredential(self.request("GET", [("authorization", value)])) }
    }

    @Test(arguments: [
        ("GET", [], true),
        ("POST", [("sec-fetch-site", "same-origin")], true),
        ("POST", [("sec-fetch-site", "cross-site"), ("origin", "https://app.example")], false),
        ("POST", [("sec-fetch-site", "same-site")], false),
        ("POST", [("sec-fetch-site", "none")], false),
        ("DELETE", [("origin", "https://app.example")], true),
        ("PATCH", [("origin", "https://evil.example")], false),
        ("PATCH", [("origin", "null")], false),
        ("POST", [], false),
    ]) func `a cookie changes something for our own pages only`(
        method: String,
        fields: [(String, String)],
        isAllowed: Bool
    ) throws {
        let request = self.request(method, [("cookie", "__Host-sid=st_c")] + fields)
        let credential = try #require(try PresentedCredential(request))
        if isAllowed {
            try SameOrigin.check(request, credential)
        } else {
            #expect(throws: Fault.self) { try SameOrigin.check(request, credential) }
        }
    }

    @Test func `a bearer token needs no origin`() throws {
        let request = self.request("POST", [("authorization", "Bearer st_b"), ("origin", "https://evil.example")])
        try SameOrigin.check(request, try #require(try PresentedCredential(request)))
    }
}
