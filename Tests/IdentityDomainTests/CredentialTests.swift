internal import IdentityDomain
internal import Testing
internal import Vocabulary

@Suite struct CredentialTests {
    @Test(arguments: [
        ("elevenbytes", "too_short"), ("", "too_short"), (String(repeating: "ab", count: 65), "too_long"),
        ("aaaaaaaaaaaaaaaa", "too_common"), ("Correct-Horse-Battery", "too_common"), ("ANN@EXAMPLE.ORG", "guessable"),
    ])
    func refusesWeakPasswords(password: String, code: String) {
        let rejection = #expect(throws: Rejection.self) {
            try PasswordRule.require(password, context: ["ann@example.org", "Ann"]) { $0 == "correct-horse-battery" }
        }
        #expect(rejection?.kind == .invalid(pointer: "/password", code: code))
    }

    @Test(arguments: ["twelve bytes", "🦆🦆🦆x", String(repeating: "ab", count: 64), "correct horse battery staple"])
    func countsBytesAndTakesTheRest(password: String) throws {
        try PasswordRule.require(password) { _ in false }
    }

    @Test(arguments: [
        ("ann@example.org", "ann@example.org"), ("  Ann.Lee+tag@Example.ORG \n", "ann.lee+tag@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"), ("ann@MÜNCHEN.de", "ann@xn--mnchen-3ya.de"),
        ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"), ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("o'neil@a-b.co.uk", "o'neil@a-b.co.uk"), ("jürgen@example.org", "jürgen@example.org"),
    ])
    func normalisesAddresses(text: String, normalised: String) throws {
        #expect(try EmailAddress(text).description == normalised)
    }

    @Test(arguments: [
        "", "ann", "@example.org", "ann@", "ann@example", "ann@.org", "ann@example..org", "ann@-a.org", "ann@a-.org",
        ".ann@example.org", "ann.@example.org", "a..b@example.org", "an n@example.org", "ann@exa mple.org",
        "a@b@example.org", "ann@example.org\u{0}", "ann@127.0.0.1", "ann@exam_ple.org", "\"ann\"@example.org",
        "<ann@example.org>", "ann@ex\u{200B}ample.org",
    ])
    func refusesWhatIsNoAddress(text: String) {
        let rejection = #expect(throws: Rejection.self) { try EmailAddress(text) }
        #expect(rejection?.kind == .invalid(pointer: "/email", code: "malformed"))
    }

    @Test func boundsTheLength() throws {
        let longest = String(repeating: "a", count: 64)
        #expect(try EmailAddress("\(longest)@example.org").local == longest)
        #expect(throws: Rejection.self) { try EmailAddress("\(longest)a@example.org") }
        #expect(throws: Rejection.self) { try EmailAddress("a@\(longest).org") }
        let domain = Array(repeating: "abcdefgh", count: 28).joined(separator: ".")
        #expect(throws: Rejection.self) { try EmailAddress("\(longest)@\(domain).org") }
    }
}
