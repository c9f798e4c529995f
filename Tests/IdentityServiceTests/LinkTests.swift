internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

/// Row S8: who opens a link, or has a program look at it, spends nothing.
@Suite struct LinkTests {
    @Test func `a link's secret reaches no server by itself`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (_, invitation) = try await service.invite("grace@example.com", .member, by: ada)
            let reset = try await service.resetToken()
            for (address, secret) in [("grace@example.com", invitation), ("ada@example.com", reset)] {
                let mail = try #require(try await service.mails(to: address).first)
                for text in [mail.text, mail.html] {
                    // A browser and a scanner of mails ask for what stands before the mark.
                    let all = text.components(around: secret)
                    #expect(all > 1 && text.components(around: "#" + secret) == all)
                }
                // 256 bits behind a prefix, in six-bit letters.
                #expect(secret.utf8.count - 3 == 43)
            }
        }
    }

    @Test func `no GET takes a secret, and what spends one is a POST`() async throws {
        try await IdentityHarness.run { service in
            for declaration in service.router.declarations {
                guard let route = declaration.route else { continue }
                let names = Set((declaration.path + declaration.query).map(\.name))
                #expect(names.isDisjoint(with: ["token", "code", "password", "secret"]), "\(declaration.name)")
                if case .object(let fields) = declaration.body, fields.contains(where: { $0.name == "token" }) {
                    #expect(route.method == .post, "\(declaration.name)")
                }
            }
        }
    }
}

extension String {
    /// Into how many parts the text falls at each place where the other stands.
    fileprivate func components(around other: String) -> Int {
        self.split(separator: other, omittingEmptySubsequences: false).count
    }
}
