internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct NewDeviceTests {
    private static let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

    private func signIn(_ service: IdentityHarness, from address: String, with userAgent: String) async throws {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: service.clock.now)
        context.remoteAddress = address
        context.userAgent = userAgent
        let body: JSON = ["email": "ada@example.com", "password": .string(IdentityHarness.password)]
        let reply = try await service.router.reply(
            to: "identity.session.create/1",
            parameters: [],
            body: body.bytes,
            context: context
        )
        #expect(reply.status == 201)
    }

    @Test func `a sign-in from elsewhere is told by mail, once`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp("<b>Ada</b>")
            // The first sign-in with a program is news after a sign-up without one.
            try await self.signIn(service, from: "192.0.2.7", with: Self.firefox)
            let first = try await service.mails(to: "ada@example.com")
            #expect(first.map(\.kind) == ["new_device"])
            #expect(first[0].text.contains("192.0.2.7") && first[0].html.contains("Hello &lt;b&gt;Ada&lt;/b&gt;,"))
            // Neither another address of the same network nor an update of the program is.
            try await self.signIn(service, from: "192.0.2.200", with: Self.firefox.replacing("128.0", with: "131.0.2"))
            #expect(try await service.mails(to: "ada@example.com").count == 1)
            try await self.signIn(service, from: "198.51.100.1", with: Self.firefox)
            try await self.signIn(service, from: "192.0.2.7", with: "curl/8.0")
            try await self.signIn(service, from: "192.0.2.7", with: "curl/8.1")
            #expect(try await service.mails(to: "ada@example.com").count == 3)
        }
    }

    @Test func `nobody's first sign-in is from elsewhere, and a failed one makes no place known`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.colleague("Grace", .member, of: ada)
            #expect(try await service.mails(to: "grace@example.com").isEmpty)
            let wrong: JSON = ["email": "ada@example.com", "password": "not her password"]
            _ = try await service.fault("session.create", wrong, address: "203.0.113.9")
            _ = try await service.signIn(address: "203.0.113.9")
            #expect(try await service.mails(to: "ada@example.com").map(\.kind) == ["new_device"])
        }
    }

    @Test func `no door is unwatched: a sign-up and an invitation are told as well`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let body: JSON = [
                "organization_name": "Second", "name": "Ada", "email": "ada@example.com",
                "password": .string(IdentityHarness.password),
            ]
            _ = try await service.call("organization.sign_up", body, address: "203.0.113.9")
            #expect(try await service.mails(to: "ada@example.com").map(\.kind) == ["new_device"])
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (_, token) = try await service.invite("ada@example.com", .member, by: eve)
            let accepted: JSON = ["token": .string(token), "password": .string(IdentityHarness.password)]
            _ = try await service.call("invitation.accept", accepted, address: "198.51.100.1")
            let kinds = try await service.mails(to: "ada@example.com").map(\.kind)
            #expect(kinds.filter { $0 == "new_device" }.count == 2)
        }
    }

    @Test func `however long its name is, a program is known again`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let long = String(repeating: "x", count: Device.userAgentLengthMax + 50)
            for _ in 0..<3 { try await self.signIn(service, from: "192.0.2.7", with: long) }
            #expect(try await service.mails(to: "ada@example.com").count == 1)
        }
    }
}
