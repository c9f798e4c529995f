internal import Contracts
internal import NIOCore
internal import Testing
internal import Vocabulary

@testable internal import GatewayService

extension ResolvedCredential.Identity {
    /// A member of a made-up organization.
    static func sample(role: Role = .member, session: Identifier? = nil, organization: UInt64 = 1) -> Self {
        ResolvedCredential.Identity(
            caller: Caller(
                kind: .member,
                subject: Identifier(high: 7, low: 7),
                organization: Identifier(high: organization, low: 0),
                role: role,
                session: session
            ),
            memberVersion: 1
        )
    }
}

@Suite struct CredentialCacheTests {
    private let hash = TokenHash(of: "st_a")
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func isKnown(_ cache: inout CredentialCache<Int>, _ hash: TokenHash, at now: NIODeadline) -> Bool {
        if case .known = cache.lookUp(hash, now: now, waiter: 0) { true } else { false }
    }

    private func filled(_ identity: ResolvedCredential.Identity = .sample()) -> CredentialCache<Int> {
        var cache = CredentialCache<Int>()
        _ = cache.lookUp(self.hash, now: self.start, waiter: 0)
        _ = cache.resolved(self.hash, identity, now: self.start)
        return cache
    }

    @Test func `an answer holds for a second`() {
        var cache = self.filled()
        let before = self.isKnown(&cache, self.hash, at: self.start + .milliseconds(999))
        let after = self.isKnown(&cache, self.hash, at: self.start + .seconds(1))
        #expect(before && !after)
    }

    @Test func `one asks and the others wait`() {
        var cache = CredentialCache<Int>()
        guard case .ask = cache.lookUp(self.hash, now: self.start, waiter: 1) else { return #expect(Bool(false)) }
        guard case .joined = cache.lookUp(self.hash, now: self.start, waiter: 2) else { return #expect(Bool(false)) }
        #expect(cache.resolved(self.hash, .sample(), now: self.start).waiters == [1, 2])
    }

    @Test func `an unknown credential is not remembered, and its waiters hear it`() {
        var cache = self.filled()
        _ = cache.lookUp(self.hash, now: self.start + .seconds(2), waiter: 3)
        #expect(cache.failed(self.hash, isUnknown: true) == [3])
        #expect(cache.count == 0)
    }

    @Test func `the same answer keeps the object with its assertions`() {
        var cache = CredentialCache<Int>()
        let first = cache.resolved(self.hash, .sample(), now: self.start).credential
        #expect(cache.resolved(self.hash, .sample(), now: self.start + .seconds(5)).credential === first)
        #expect(cache.resolved(self.hash, .sample(role: .owner), now: self.start + .seconds(6)).credential !== first)
    }

    @Test(arguments: [
        (Revocation(token: TokenHash(of: "st_a")), false),
        (Revocation(token: TokenHash(of: "st_b")), true),
        (Revocation(session: Identifier(high: 3, low: 3)), false),
        (Revocation(session: Identifier(high: 4, low: 4)), true),
        (Revocation(subject: Identifier(high: 7, low: 7)), false),
        (Revocation(subject: Identifier(high: 7, low: 7), organization: Identifier(high: 1, low: 0)), false),
        (Revocation(subject: Identifier(high: 7, low: 7), organization: Identifier(high: 2, low: 0)), true),
        (Revocation(organization: Identifier(high: 1, low: 0)), false),
    ]) func `a revocation drops what it covers at once`(revocation: Revocation, staysKnown: Bool) {
        var cache = self.filled(.sample(session: Identifier(high: 3, low: 3)))
        cache.revoke(revocation)
        let isKnown = self.isKnown(&cache, self.hash, at: self.start)
        #expect(isKnown == staysKnown)
    }

    @Test func `an answer that may be from before a revocation is not kept`() {
        var cache = CredentialCache<Int>()
        _ = cache.lookUp(self.hash, now: self.start, waiter: 1)
        cache.revoke(Revocation(session: Identifier(high: 3, low: 3)))
        #expect(cache.resolved(self.hash, .sample(), now: self.start).waiters == [1])
        #expect(cache.count == 0)
    }

    @Test func `the cache stays bounded`() {
        var cache = CredentialCache<Int>(entriesMax: 10)
        for index in 0..<100 {
            _ = cache.resolved(TokenHash(of: "st_\(index)"), .sample(), now: self.start)
            #expect(cache.count <= 10)
        }
    }
}

@Suite struct RevocationTests {
    @Test func `each part is read`() throws {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        let text =
            #"{"token_sha256":"\#(hash)","session_id":null,"subject":"00000000-0000-0007-0000-000000000007","organization_id":null}"#
        let revocation = try #require(Revocation(parsing: Array(text.utf8)))
        #expect(revocation.token == TokenHash(of: "test"))
        #expect(revocation.subject == Identifier(high: 7, low: 7))
        #expect(revocation.session == nil && revocation.organization == nil)
    }

    @Test(arguments: ["", "{}", "[]", #"{"session_id":"x"}"#])
    func `what names nothing must be taken as everything`(text: String) {
        #expect(Revocation(parsing: Array(text.utf8)) == nil)
    }
}
