internal import Testing
internal import Vocabulary

@testable internal import Mail

@Suite struct MailMessageTests {
    private static let id = Identifier("01930d3c-7c00-7000-8000-00000000beef")
    private static let sender = MailAddress("no-reply@firm.example", name: "Throughline")

    private func message(to name: String?, subject: String, text: String, html: String) throws -> String {
        let message = MailMessage(
            id: try #require(Self.id),
            from: try #require(Self.sender),
            to: try #require(MailAddress("grace@example.com", name: name)),
            MailContent(subject: subject, text: text, html: html),
            at: try #require(Instant("2026-11-03T05:04:09Z"))
        )
        return String(decoding: message.bytes, as: UTF8.self)
    }

    @Test func `a mail is written whole`() throws {
        let written = try self.message(
            to: "Grace \"Amazing\" Hopper",
            subject: "Welcome",
            text: "Grüße,\n.a dot, 1+1=2 \n",
            html: "<p>Grüße</p>"
        )
        let expected = """
            Date: Tue, 3 Nov 2026 05:04:09 +0000
            From: "Throughline" <no-reply@firm.example>
            To: "Grace \\"Amazing\\" Hopper" <grace@example.com>
            Message-ID: <01930d3c-7c00-7000-8000-00000000beef@firm.example>
            Subject: Welcome
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: multipart/alternative; boundary="=_01930d3c-7c00-7000-8000-00000000beef"

            --=_01930d3c-7c00-7000-8000-00000000beef
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            Gr=C3=BC=C3=9Fe,
            .a dot, 1+1=3D2=20
            --=_01930d3c-7c00-7000-8000-00000000beef
            Content-Type: text/html; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            <p>Gr=C3=BC=C3=9Fe</p>
            --=_01930d3c-7c00-7000-8000-00000000beef--

            """
        #expect(written == expected.replacing("\n", with: "\r\n"))
    }

    /// A header ends where a line does not go on with a space: nothing that people type may bring that about.
    @Test(arguments: [
        "Hello\r\nBcc: everybody@example.com", "Hello\nBcc: everybody@example.com", "Hello\rBcc: everybody@example.com",
        "\r\n\r\n<script>", "Hello\u{2028}Bcc: x@example.com", "Hello\u{0}\u{B}\u{C}\u{85}Bcc: x@example.com",
        "=?utf-8?B?DQpCY2M6IHhAZXhhbXBsZS5jb20=?=", String(repeating: "Grüße 👩‍👩‍👧 ", count: 40),
    ])
    func `no text begins a header of its own`(text: String) throws {
        let written = try self.message(to: text, subject: text, text: "x", html: "x")
        let head = try #require(written.firstRange(of: "\r\n\r\n").map { written[..<$0.lowerBound] })
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let names = lines.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
        #expect(
            names == [
                "Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type",
            ]
        )
        #expect(lines.allSatisfy { $0.utf8.count <= 200 && $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
    }

    @Test func `long and foreign text is made of encoded words`() {
        #expect(HeaderText.unstructured("Grüße aus Köln") == "=?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=")
        #expect(HeaderText.unstructured("  One\n\ttwo ") == "One two")
        let folded = HeaderText.unstructured(String(repeating: "ä", count: 50))
        #expect(folded.split(separator: "\r\n ").count == 3)
        #expect(folded.split(separator: "\r\n ").allSatisfy { $0.utf8.count <= 75 })
    }

    @Test func `no line of a text is longer than 76`() {
        let encoded = QuotedPrintable.encode(String(repeating: "Grüße, = ", count: 60))
        let lines = String(decoding: encoded, as: UTF8.self).split(separator: "\r\n")
        #expect(lines.count > 5 && lines.allSatisfy { $0.utf8.count <= 76 })
        #expect(lines.dropLast().allSatisfy { $0.hasSuffix("=") })
        #expect(String(decoding: QuotedPrintable.encode("a\r\nb\n\nc"), as: UTF8.self) == "a\r\nb\r\n\r\nc\r\n")
        #expect(QuotedPrintable.encode(String(repeating: "x", count: 76)).count == 78)
    }

    @Test(arguments: [
        "", "grace", "@example.com", "grace@", "gra ce@example.com", "grace@exa mple.com",
        "grace@example.com\r\nRCPT TO:<x@y.z>",
        "grace>@example.com", "<grace@example.com", "\"grace\"@example.com", "grace@bücher.example",
        "grace\u{0}@example.com",
        "a,b@example.com", String(repeating: "x", count: 65) + "@example.com",
    ])
    func `what is no plain address is none`(text: String) { #expect(MailAddress(text) == nil) }

    @Test func `an address may have a name`() throws {
        let address = try #require(MailAddress(mailbox: "Firm & Sons <no-reply@firm.example>"))
        #expect(address.name == "Firm & Sons" && address.address == "no-reply@firm.example")
        #expect(MailAddress(mailbox: "no-reply@firm.example")?.headerValue == "<no-reply@firm.example>")
        #expect(MailAddress(mailbox: "Firm <no-reply>") == nil)
        #expect(try #require(MailAddress("jürgen@example.com")).isInternational)
    }

    @Test func `what a template is given is escaped in HTML and left alone in text`() {
        let template = MailTemplate(
            subject: "{{name}}",
            text: "Hello {{name}}",
            html: "<a href=\"{{link}}\">{{#name}}{{name}}{{/name}}</a>"
        )
        #expect(template.names == ["name", "link"])
        let content = template.render(["name": "<b>A & \"B\"</b>", "link": "https://x.example/\"><script>"])
        #expect(content.subject == "<b>A & \"B\"</b>" && content.text == "Hello <b>A & \"B\"</b>")
        #expect(content.html.contains("<a href=\"https://x.example/&quot;&gt;&lt;script&gt;\">"))
        #expect(content.html.contains("&lt;b&gt;A &amp; &quot;B&quot;&lt;/b&gt;") && !content.html.contains("<b>"))
        #expect(content.html.hasPrefix("<!doctype html>") && content.html.hasSuffix("</html>\n"))
    }
}
