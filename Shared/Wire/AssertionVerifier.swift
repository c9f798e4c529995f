internal import Contracts
internal import Crypto
internal import Synchronization
public import Vocabulary

/// Verifies assertions, and remembers those it has verified: a gateway sends the same one for many calls.
public final class AssertionVerifier: Sendable {
    private struct Cache {
        var verified: [SHA256.Digest: Assertion] = [:]
    }

    private let publicKeys: [String: Curve25519.Signing.PublicKey]
    private let audience: String
    private let cacheCountMax: Int
    private let cache = Mutex(Cache())

    /// - Parameters:
    ///   - publicKeys: the 32 raw bytes of each key, by its id.
    ///   - audience: this service; an assertion for others only is refused.
    ///   - cacheCountMax: verified assertions remembered at a time.
    public init(
        publicKeys: [String: [UInt8]],
        audience: String,
        cacheCountMax: Int = 4_096
    ) throws(WireConfigurationFault) {
        var keys: [String: Curve25519.Signing.PublicKey] = [:]
        for (id, bytes) in publicKeys {
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
                throw .badKey("public key \(id) does not have 32 bytes")
            }
            keys[id] = key
        }
        self.publicKeys = keys
        self.audience = audience
        self.cacheCountMax = cacheCountMax
    }

    /// The assertion that `text` is, when a known key signed it for this service and it holds now.
    public func verify(_ text: String, now: Instant) throws(AssertionFault) -> Assertion {
        guard text.utf8.count <= Assertion.textBytesMax else { throw .malformed("too long") }
        var text = text
        let digest = text.withUTF8 { SHA256.hash(data: UnsafeRawBufferPointer($0)) }
        if let known = self.cache.withLock({ $0.verified[digest] }) {
            try Self.checkTime(known, now)
            return known
        }
        let assertion = try self.read(text)
        try Self.checkTime(assertion, now)
        self.remember(assertion, digest, now)
        return assertion
    }

    private func read(_ text: String) throws(AssertionFault) -> Assertion {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let payload = Base64URL.decode(Array(parts[0])),
            let signature = Base64URL.decode(Array(parts[1]))
        else {
            throw .malformed("not two parts of base64url")
        }
        guard let json = try? JSON(parsing: payload), let object = json.object else {
            throw .malformed("the payload is not a JSON object")
        }
        guard let keyID = object["kid"]?.string, let key = self.publicKeys[keyID] else { throw .unknownKey }
        guard key.isValidSignature(signature, for: Array(parts[0])) else { throw .badSignature }
        let assertion = try Assertion(payload: object)
        guard assertion.audience.contains(self.audience) else { throw .wrongAudience }
        let lifetime = assertion.issuedAt.microseconds(until: assertion.expiresAt)
        guard 0...Assertion.lifetimeSecondsMax * Instant.microsecondsPerSecond ~= lifetime else {
            throw .malformed("holds for longer than \(Assertion.lifetimeSecondsMax) s")
        }
        return assertion
    }

    private static func checkTime(_ assertion: Assertion, _ now: Instant) throws(AssertionFault) {
        guard now < assertion.expiresAt else { throw .expired }
        guard now.advanced(bySeconds: Assertion.clockSkewSecondsMax) >= assertion.issuedAt else { throw .notYetValid }
    }

    private func remember(_ assertion: Assertion, _ digest: SHA256.Digest, _ now: Instant) {
        self.cache.withLock { cache in
            if cache.verified.count >= self.cacheCountMax {
                cache.verified = cache.verified.filter { now < $0.value.expiresAt }
                // All still hold: begin again rather than sort; each costs one verification to have back.
                if cache.verified.count >= self.cacheCountMax { cache.verified.removeAll(keepingCapacity: true) }
            }
            cache.verified[digest] = assertion
        }
    }

    /// How many verified assertions are remembered.
    var cacheCount: Int { self.cache.withLock { $0.verified.count } }
}
