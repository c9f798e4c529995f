internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

extension IdentityHarness {
    /// A page of security events: the organization's, or with `own` the caller's.
    func securityEventPage(
        _ token: String,
        own: Bool = false,
        _ query: [(name: String, value: String)] = []
    ) async throws -> JSON {
        let context = try await self.context(token)
        let reply = try await self.router.reply(
            to: "identity.security_event.\(own ? "list_own" : "list")/1",
            parameters: query,
            body: [],
            context: context
        )
        return try JSON(parsing: reply.body)
    }

    /// Those events, the newest first.
    func securityEvents(
        _ token: String,
        own: Bool = false,
        _ query: [(name: String, value: String)] = []
    ) async throws -> [JSON] {
        try #require(try await self.securityEventPage(token, own: own, query)["data"]?.array)
    }

    /// A gateway's question about a credential that came from an address.
    func resolve(_ token: String, from address: String) async throws {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: self.clock.now)
        context.peer = "gateway"
        context.remoteAddress = address
        let body: JSON = ["token": .string(token)]
        _ = try await self.router.reply(
            to: "identity.credential.resolve/1",
            parameters: [],
            body: body.bytes,
            context: context
        )
    }
}
