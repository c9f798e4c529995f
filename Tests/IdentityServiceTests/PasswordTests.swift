internal import Contracts
internal import Testing

@testable internal import IdentityService

@Suite struct PasswordTests {
    private static let cost = Argon2.Cost(memoryKiB: 64, iterations: 1)

    /// The vector of the reference implementation's test suite: `echo -n password`, salt `somesalt`, t=2, m=256, p=1.
    @Test func `a hash is the one that everybody computes`() throws {
        let hash = try Argon2.hash(
            Array("password".utf8),
            salt: Array("somesalt".utf8),
            Argon2.Cost(memoryKiB: 256, iterations: 2)
        )
        #expect(hash == "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
        #expect(Argon2.cost(of: hash) == Argon2.Cost(memoryKiB: 256, iterations: 2))
        #expect(Argon2.verify(hash, Array("password".utf8)))
        #expect(!Argon2.verify(hash, Array("passwore".utf8)))
    }

    @Test func `verifying needs the password and the pepper it was hashed with`() async throws {
        let old = Array(repeating: UInt8(1), count: 16)
        let new = Array(repeating: UInt8(2), count: 16)
        let hasher = try PasswordHasher(peppers: Peppers(current: old), cost: Self.cost, random: systemRandomBytes)
        let hash = try await hasher.hash("a long enough password")
        #expect(try await hasher.verify("a long enough password", hash))
        #expect(try await !hasher.verify("another long password", hash))
        #expect(try await !hasher.verify("a long enough password", nil))
        #expect(!hasher.isOld(hash))
        let rotated = try PasswordHasher(
            peppers: Peppers(current: new, old: [old]),
            cost: Self.cost,
            random: systemRandomBytes
        )
        #expect(try await rotated.verify("a long enough password", hash))
        #expect(rotated.isOld(hash))
        let stranger = try PasswordHasher(peppers: Peppers(current: new), cost: Self.cost, random: systemRandomBytes)
        #expect(try await !stranger.verify("a long enough password", hash))
    }

    @Test func `peppers are read from lines of hexadecimal`() {
        let key = String(repeating: "0f", count: 32)
        #expect(Peppers(key + "\n") != nil)
        #expect(Peppers(key + "," + String(repeating: "1e", count: 16))?.currentKid == Peppers(key)?.currentKid)
        for text in ["", "0f0f", "xyz", key + " 0f", key + "0"] { #expect(Peppers(text) == nil) }
    }

    @Test(arguments: ["passwordpassword", "welcome2026!", "123456789012", "!!qwertyuiop99", "throughline2026"])
    func `what attackers try first is known`(password: String) {
        #expect(CommonPasswords.contains(password))
        #expect(CommonPasswords.count >= 200)
    }

    @Test(arguments: [
        "correct horse battery staple", "welcome to the machine", "a7c1f2e9b3d45061", "summer in the city",
    ])
    func `a phrase is not common because a word of it is`(password: String) {
        #expect(!CommonPasswords.contains(password))
    }

    @Test func `a token keeps its secret from everybody but its holder`() throws {
        let token = Token.make(.refresh) { Array(repeating: 5, count: $0) }
        #expect(token.text == "rt_BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU")
        #expect(Token(token.text) == token)
        let sealed = try token.seal([1, 2, 3])
        #expect(try token.open(sealed) == [1, 2, 3])
        let other = Token.make(.refresh, systemRandomBytes)
        #expect(throws: (any Error).self) { try other.open(sealed) }
        #expect(Token("xx_" + token.text.dropFirst(3)) == nil && Token(token.text + "A") == nil)
    }

    @Test(arguments: [
        ("192.0.2.77", "192.0.2.0/24"), ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("unix", "unix"),
    ])
    func `a network is what one subscriber has`(address: String, network: String) {
        #expect(Throttle.network(of: address) == network)
    }
}
