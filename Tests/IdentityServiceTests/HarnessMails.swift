internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService
@testable internal import Mail

/// A mail that waits to be sent, as a test looks at it.
struct WaitingMail: Sendable {
    let kind: String
    let subject: String
    let text: String
    let html: String

    /// What stands behind the `#` of its link.
    var token: String {
        get throws {
            let mark = try #require(self.text.firstIndex(of: "#"), "the mail has a link")
            return String(self.text[self.text.index(after: mark)...].prefix { !$0.isWhitespace })
        }
    }
}

extension IdentityHarness {
    /// What waits for an address, the newest first.
    func mails(to address: String) async throws -> [WaitingMail] {
        try await self.parts.mails.tasks.kept().filter { $0.letter.recipient.address == address }.map { mail in
            let content = mail.letter.content
            return WaitingMail(kind: mail.kind, subject: content.subject, text: content.text, html: content.html)
        }
    }

    /// Asks for a new password, and takes the link's secret out of the mail.
    func resetToken(for address: String = "ada@example.com") async throws -> String {
        #expect(try await self.call("password_reset.request", ["email": .string(address)]).status == 204)
        self.clock.advance(bySeconds: 1)
        #expect(try await self.parts.sendPasswordResets(at: self.clock.now) == 1)
        let mail = try #require(try await self.mails(to: address).first)
        #expect(mail.kind == "password_reset")
        return try mail.token
    }
}
