internal import Contracts
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary
internal import Wire

@testable internal import GatewayService

@Suite struct CredentialResolverTests {
    private final class FakeIdentity: Sendable {
        let asked = Mutex<[EventLoopPromise<WireReply>]>([])

        func ask(_ body: [UInt8], _ loop: any EventLoop) -> EventLoopFuture<WireReply> {
            let promise = loop.makePromise(of: WireReply.self)
            self.asked.withLock { $0.append(promise) }
            return promise.futureResult
        }

        func answer(_ reply: WireReply) {
            for promise in self.asked.withLock({ $0 }) { promise.succeed(reply) }
        }
    }

    private let group = MultiThreadedEventLoopGroup.singleton
    private let identity = FakeIdentity()
    private let reported = Counter()

    private static let answer = Array(
        """
        {"organization_id":"00000000-0000-0001-0000-000000000000","subject":"00000000-0000-0007-0000-000000000007",
        "kind":"api_key","role":"admin","scopes":["crm:read"],"session_id":null,"time_zone":"Europe/Berlin",
        "currency":"EUR","member_version":4}
        """.utf8
    )

    /// The answer with a part of it changed.
    private static func answer(_ part: String, _ change: String) -> [UInt8] {
        let text = String(decoding: self.answer, as: UTF8.self)
        precondition(text.contains(part))
        return Array(text.replacing(part, with: change).utf8)
    }

    private func resolver() -> CredentialResolver {
        CredentialResolver(
            now: { .uptimeNanoseconds(1) },
            report: { _ in self.reported.add() },
            ask: { body, _, loop in self.identity.ask(body, loop) }
        )
    }

    private func resolve(_ resolver: CredentialResolver, _ token: String) -> EventLoopFuture<ResolvedCredential> {
        let loop = self.group.next()
        let promise = loop.makePromise(of: ResolvedCredential.self)
        loop.execute {
            resolver.resolve(token, TokenHash(of: token), from: "192.0.2.1", on: loop) {
                promise.completeWith($0.mapError { $0 as any Error })
            }
        }
        return promise.futureResult
    }

    private func untilAsked(_ times: Int = 1) async throws {
        try await eventually("identity is asked") { self.identity.asked.withLock { $0.count } >= times }
    }

    @Test func `many requests ask once, and each hears on its own loop`() async throws {
        let resolver = self.resolver()
        let futures = (0..<20).map { _ in self.resolve(resolver, "st_a") }
        try await self.untilAsked()
        self.identity.answer(WireReply(body: Self.answer))
        for future in futures {
            let caller = try await future.get().caller
            #expect(caller.kind == .apiKey && caller.role == .admin && caller.scopes == ["crm:read"])
            #expect(caller.zone.identifier == "Europe/Berlin" && caller.currency.code == "EUR")
        }
        _ = try await self.resolve(resolver, "st_a").get()
        #expect(self.identity.asked.withLock { $0.count } == 1)
    }

    @Test func `after a revocation it is asked again`() async throws {
        let resolver = self.resolver()
        let first = self.resolve(resolver, "st_a")
        try await self.untilAsked()
        self.identity.answer(WireReply(body: Self.answer))
        _ = try await first.get()
        resolver.revoke(Revocation(subject: Identifier(high: 7, low: 7)))
        let second = self.resolve(resolver, "st_a")
        try await self.untilAsked(2)
        self.identity.answer(WireReply(status: "unauthenticated", httpStatus: 401))
        await #expect { _ = try await second.get() } throws: { ($0 as? Fault)?.code == .unauthenticated }
    }

    @Test(arguments: [
        (WireReply(status: "unauthenticated"), Fault.Code.unauthenticated),
        (WireReply(status: "internal"), .unavailable),
        (WireReply(status: "rate_limited"), .rateLimited),
        (WireReply(body: Array(#"{"organization_id":null}"#.utf8)), .internalError),
        (WireReply(body: Array("x".utf8)), .internalError),
        (WireReply(body: Self.answer(#""time_zone":"Europe/Berlin""#, #""time_zone":"Mars/Olympus""#)), .internalError),
        (WireReply(body: Self.answer(#""time_zone":"Europe/Berlin","#, "")), .internalError),
        (WireReply(body: Self.answer(#""currency":"EUR""#, #""currency":"EURO""#)), .internalError),
    ]) func `whatever identity answers, the client gets a fault it can read`(
        reply: WireReply,
        code: Fault.Code
    ) async throws {
        let future = self.resolve(self.resolver(), "st_a")
        try await self.untilAsked()
        self.identity.answer(reply)
        await #expect { _ = try await future.get() } throws: { ($0 as? Fault)?.code == code }
        #expect(self.reported.count == (code == .internalError && reply.isOK ? 1 : 0))
    }
}

@Suite struct AssertionMintTests {
    @Test func `an assertion is reused for half its life and verified by its audience`() throws {
        let signer = try AssertionSigner(privateKey: AssertionSigner.makePrivateKey())
        let mint = AssertionMint(signer)
        let verifier = try AssertionVerifier(publicKeys: [signer.keyID: signer.publicKey], audience: "revenue")
        let credential = ResolvedCredential(.sample(role: .admin))
        let now = Instant.system()
        let text = credential.assertion(for: ["crm", "revenue"], by: mint, now: now)
        #expect(credential.assertion(for: ["crm", "revenue"], by: mint, now: now.advanced(bySeconds: 29)) == text)
        #expect(credential.assertion(for: ["crm", "revenue"], by: mint, now: now.advanced(bySeconds: 30)) != text)
        #expect(credential.assertion(for: ["crm"], by: mint, now: now) != text)
        let assertion = try verifier.verify(text, now: now)
        #expect(assertion.role == .admin && assertion.issuer == "gateway" && assertion.memberVersion == 1)
    }
}
