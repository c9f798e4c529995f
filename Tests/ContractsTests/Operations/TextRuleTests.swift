internal import Testing

@testable internal import Contracts

/// What schemas say of texts, as regular expressions, beside what the check does.
@Suite struct TextRuleTests {
    private func matches(_ text: String, _ pattern: String) throws -> Bool {
        let expression = try Regex(pattern).matchingSemantics(.unicodeScalar)
        return try expression.wholeMatch(in: text) != nil
    }

    private func accepts(_ text: String, _ format: TextRule.Format) -> Bool {
        TextRule(lengthMin: 1, lengthMax: 100, format: format).problem(with: text) == nil
    }

    @Test func `of controls schemas say what the check does`() throws {
        for value in UInt32(0)...0xA0 {
            let scalar = try #require(Unicode.Scalar(value))
            let text = "a\(scalar)b"
            #expect(try self.matches(text, TextRule.pattern) == self.accepts(text, .plain), "U+\(value)")
            for address in ["https://\(text)", "https://a/\(text)", "https://a/?\(text)", "https://a/#\(text)"] {
                #expect(try self.matches(address, TextRule.uriPattern) == self.accepts(address, .uri), "\(address)")
            }
        }
    }

    @Test(arguments: [
        "https://a", "http://a/b?c=d#e", "https://", "http:/a", "ftp://a", "HTTPS://a", "javascript:alert(1)",
        "https://a b", "https://müller.example", "https://xn--mller-kva.example", "https://^K<e", "https://a?b",
        "https://a#b", "https://a#b#c", "https://a?b?c", "https://a/%4F%4f", "https://a/%4", "https://a/%",
        "https://a/%GG", "https://a/%\u{10}0", "https://a/[b]", "https://a:1", "https://a:", "https://a:123456",
        "https://a:b", "https://a:1:2", "https://:1", "https://b@a", "https://[::1]/", "https://127.0.0.1/",
        "https://a.example/b'(c)*;d=e,f~g@h:i!$&+", "https://a/{b}", "https://a\\b",
    ]) func `of addresses schemas say what the check does`(text: String) throws {
        #expect(try self.matches(text, TextRule.uriPattern) == self.accepts(text, .uri))
    }

    /// Both could be wrong together: what the rule is meant to say, by example.
    @Test func `addresses are those of RFC 3986`() {
        for text in ["https://a", "http://a.example:8080/b?c=d#e", "https://127.0.0.1/%C3%BC"] {
            #expect(self.accepts(text, .uri), "\(text)")
        }
        for text in [
            "https://^K<e", "https://b:c@a", "https://a/%4", "https://a#b#c", "https://a/ü", "ftp://a", "https:///b",
        ] {
            #expect(!self.accepts(text, .uri), "\(text)")
        }
    }

    @Test(arguments: [
        "+4930123456", "(030) 12-34.56/7", "12", "123", "123456789012345", "1234567890123456", "+", "123a", "1\u{0}23",
        "１２３",
    ]) func `of phones schemas say what the check does`(text: String) throws {
        #expect(try self.matches(text, TextRule.phonePattern) == self.accepts(text, .phone))
    }
}
