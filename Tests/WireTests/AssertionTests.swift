internal import Contracts
internal import Testing
internal import Vocabulary

@testable internal import Wire

struct AssertionTests {
    static let now = Instant(microseconds: 1_790_000_000_000_000)
    static let signer = try? AssertionSigner(privateKey: Array(0..<32))
    static let full = Assertion(
        issuer: "gateway",
        audience: ["crm", "revenue"],
        subject: Identifier(high: 0xdead_beef, low: 1),
        organization: Identifier(high: 0xdead_beef, low: 2),
        kind: "api_key",
        role: .admin,
        scopes: ["deals:read"],
        session: Identifier(high: 0xdead_beef, low: 3),
        authenticatedAt: Self.now.advanced(bySeconds: -60),
        timeZone: "Europe/Berlin",
        currency: "EUR",
        aheadSeconds: 86_400,
        memberVersion: 4,
        issuedAt: Self.now,
        expiresAt: Self.now.advanced(bySeconds: 60)
    )
    static let least = Assertion(
        issuer: "revenue",
        audience: ["crm"],
        subject: Identifier(high: 0xdead_beef, low: 1),
        kind: "system",
        issuedAt: Self.now,
        expiresAt: Self.now.advanced(bySeconds: 1)
    )

    func signer() throws -> AssertionSigner {
        try #require(Self.signer)
    }

    func verifier(audience: String = "crm", cacheCountMax: Int = 8) throws -> AssertionVerifier {
        let signer = try self.signer()
        return try AssertionVerifier(
            publicKeys: [signer.keyID: signer.publicKey],
            audience: audience,
            cacheCountMax: cacheCountMax
        )
    }

    @Test("what is signed is what is verified, the first time and from memory", arguments: [Self.full, Self.least])
    func roundTrip(assertion: Assertion) throws {
        let text = try self.signer().sign(assertion)
        let verifier = try self.verifier()
        #expect(try verifier.verify(text, now: Self.now) == assertion)
        #expect(verifier.cacheCount == 1)
        #expect(try verifier.verify(text, now: Self.now) == assertion)
    }

    @Test("it holds from its issue to its expiry, also when remembered")
    func time() throws {
        let text = try self.signer().sign(Self.full)
        let verifier = try self.verifier()
        #expect(throws: AssertionFault.notYetValid) {
            try verifier.verify(text, now: Self.now.advanced(bySeconds: -6))
        }
        #expect(throws: Never.self) { try verifier.verify(text, now: Self.now.advanced(bySeconds: -5)) }
        #expect(throws: AssertionFault.expired) { try verifier.verify(text, now: Self.full.expiresAt) }
    }

    @Test("another audience, another key and another's signature are refused")
    func refused() throws {
        let text = try self.signer().sign(Self.full)
        #expect(throws: AssertionFault.wrongAudience) {
            try self.verifier(audience: "delivery").verify(text, now: Self.now)
        }
        let stranger = try AssertionSigner(privateKey: Array(1..<33))
        #expect(throws: AssertionFault.unknownKey) {
            try self.verifier().verify(stranger.sign(Self.full), now: Self.now)
        }
        let known = try self.signer()
        let forger = try AssertionVerifier(publicKeys: [known.keyID: stranger.publicKey], audience: "crm")
        #expect(throws: AssertionFault.badSignature) { try forger.verify(text, now: Self.now) }
    }

    @Test("one changed character anywhere is refused")
    func tampered() throws {
        let text = Array(try self.signer().sign(Self.least).utf8)
        let verifier = try self.verifier()
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let tampered = String(decoding: changed, as: UTF8.self)
            #expect(throws: AssertionFault.self) { try verifier.verify(tampered, now: Self.now) }
        }
        #expect(verifier.cacheCount == 0)
    }

    @Test(
        "what is not two parts is refused",
        arguments: ["", ".", "e30", "e30.", "e30.AA.AA", "e30=.AA", "\u{e9}.AA", String(repeating: "A", count: 5_000)]
    )
    func malformed(text: String) throws {
        #expect(throws: AssertionFault.self) { try self.verifier().verify(text, now: Self.now) }
    }

    @Test("longer than a minute is refused, whoever signed it")
    func lifetime() throws {
        var assertion = Self.full
        assertion.expiresAt = Self.now.advanced(bySeconds: 61)
        let text = try self.signer().sign(assertion)
        #expect(throws: AssertionFault.malformed("holds for longer than 60 s")) {
            try self.verifier().verify(text, now: Self.now)
        }
    }

    @Test("memory is bounded")
    func bounded() throws {
        let verifier = try self.verifier(cacheCountMax: 4)
        for low in 0..<20 {
            var assertion = Self.full
            assertion.subject = Identifier(high: 0xdead_beef, low: UInt64(low))
            _ = try verifier.verify(try self.signer().sign(assertion), now: Self.now)
            #expect(verifier.cacheCount <= 4)
        }
    }
}
