internal import Contracts
internal import IdentityDomain
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct VaultKeyRingTests {
    private static let old = "2025:" + String(repeating: "01", count: 32)
    private static let new = "2026-11.b_2:" + String(repeating: "A2", count: 32)
    private static let secret = Array("example refresh token".utf8)
    private static let place = VaultKeyRing.Place(
        organization: Identifier(high: 0xdead, low: 0xbeef),
        provider: .xero,
        id: Identifier(high: 1, low: 2)
    )

    @Test func `what was sealed opens, and no two seals are alike`() throws {
        let keys = try #require(VaultKeyRing(Self.old))
        let (first, second) = (try keys.seal(Self.secret, for: Self.place), try keys.seal(Self.secret, for: Self.place))
        #expect(try keys.open(first, for: Self.place) == Self.secret)
        #expect(try keys.open(second, for: Self.place) == Self.secret)
        #expect(first.bytes != second.bytes && first.keyID == "2025")
        // A nonce of 12 bytes, the token, and a tag of 16.
        #expect(first.bytes.count == 12 + Self.secret.count + 16)
    }

    @Test func `no bit can be changed`() throws {
        let keys = try #require(VaultKeyRing(Self.old))
        let sealed = try keys.seal(Self.secret, for: Self.place)
        for index in sealed.bytes.indices {
            for bit in 0..<8 {
                var bytes = sealed.bytes
                bytes[index] ^= 1 << UInt8(bit)
                let changed = VaultKeyRing.Sealed(bytes: bytes, keyID: sealed.keyID)
                #expect(throws: VaultKeyRing.Failure.notAuthentic) { try keys.open(changed, for: Self.place) }
            }
        }
        for length in [0, 11, 12, 27, sealed.bytes.count - 1] {
            let cut = VaultKeyRing.Sealed(bytes: Array(sealed.bytes.prefix(length)), keyID: sealed.keyID)
            #expect(throws: VaultKeyRing.Failure.notAuthentic) { try keys.open(cut, for: Self.place) }
        }
    }

    @Test(arguments: [
        VaultKeyRing.Place(organization: Identifier(high: 0xdead, low: 0xbeee), provider: .xero, id: Self.place.id),
        VaultKeyRing.Place(organization: Self.place.organization, provider: .stripe, id: Self.place.id),
        VaultKeyRing.Place(organization: Self.place.organization, provider: .xero, id: Identifier(high: 1, low: 3)),
        VaultKeyRing.Place(organization: Self.place.id, provider: .xero, id: Self.place.organization),
    ])
    func `it opens nowhere but in its place`(place: VaultKeyRing.Place) throws {
        let keys = try #require(VaultKeyRing(Self.old))
        let sealed = try keys.seal(Self.secret, for: Self.place)
        #expect(throws: VaultKeyRing.Failure.notAuthentic) { try keys.open(sealed, for: place) }
    }

    @Test func `the first key seals, all of them open, and without its key nothing opens`() throws {
        let before = try #require(VaultKeyRing(Self.old))
        let both = try #require(VaultKeyRing(Self.new + "\n" + Self.old + "\n"))
        let after = try #require(VaultKeyRing(Self.new))
        #expect(both.currentID == "2026-11.b_2" && both.formerIDs == ["2025"])
        let sealed = try before.seal(Self.secret, for: Self.place)
        #expect(try both.open(sealed, for: Self.place) == Self.secret)
        let renewed = try both.seal(Self.secret, for: Self.place)
        #expect(renewed.keyID == both.currentID && renewed.keyID != sealed.keyID)
        #expect(try after.open(renewed, for: Self.place) == Self.secret)
        #expect(throws: VaultKeyRing.Failure.keyMissing("2025")) { try after.open(sealed, for: Self.place) }
        // Under another key's name it is no more than noise.
        let misnamed = VaultKeyRing.Sealed(bytes: sealed.bytes, keyID: both.currentID)
        #expect(throws: VaultKeyRing.Failure.notAuthentic) { try both.open(misnamed, for: Self.place) }
    }

    @Test(arguments: [
        "", " \n", String(repeating: "01", count: 32), ":" + String(repeating: "01", count: 32),
        "2025:" + String(repeating: "01", count: 31), "2025:" + String(repeating: "01", count: 33),
        "2025:" + String(repeating: "0g", count: 32),
        Self.old + "\n2025:" + String(repeating: "02", count: 32),
        Self.old + "\nother:" + String(repeating: "01", count: 32),
        "a b:" + String(repeating: "01", count: 32),
        String(repeating: "n", count: 33) + ":" + String(repeating: "01", count: 32),
        "käse:" + String(repeating: "01", count: 32), Self.old + ":" + String(repeating: "02", count: 32),
        (1...17).map { "\($0):" + String(repeating: $0 < 10 ? "0\($0)" : "\($0)", count: 32) }.joined(separator: "\n"),
    ])
    func `what is no ring of keys is refused`(text: String) {
        #expect(VaultKeyRing(text) == nil)
    }
}
