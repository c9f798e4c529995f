internal import Contracts
internal import Crypto
internal import Vocabulary

/// Signs assertions with an Ed25519 key. Only the gateway, and services that act for themselves, have one.
public struct AssertionSigner: Sendable {
    /// The first half of the SHA-256 of the public key, in hexadecimal: what a payload names the key by.
    public let keyID: String
    public let publicKey: [UInt8]
    private let privateKey: Curve25519.Signing.PrivateKey

    /// - Parameter privateKey: the 32 raw bytes.
    public init(privateKey: [UInt8]) throws(WireConfigurationFault) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: privateKey) else {
            throw .badKey("an assertion key has 32 bytes")
        }
        self.privateKey = key
        self.publicKey = Array(key.publicKey.rawRepresentation)
        self.keyID = Self.keyID(of: self.publicKey)
    }

    /// A new key's 32 raw bytes.
    public static func makePrivateKey() -> [UInt8] {
        Array(Curve25519.Signing.PrivateKey().rawRepresentation)
    }

    /// The id under which verifiers know a public key.
    public static func keyID(of publicKey: [UInt8]) -> String {
        Hexadecimal.encode(Array(SHA256.hash(data: publicKey).prefix(SHA256.byteCount / 2)))
    }

    /// `base64url(payload).base64url(signature)`; the signature is over the first part as it stands.
    public func sign(_ assertion: Assertion) -> String {
        var text = Base64URL.encoded(assertion.payload(keyID: self.keyID))
        // CryptoKit's signature of bytes in memory fails only when the library itself is broken.
        guard let signature = try? self.privateKey.signature(for: text) else {
            preconditionFailure("Ed25519 could not sign")
        }
        text.append(UInt8(ascii: "."))
        text.append(contentsOf: Base64URL.encoded(Array(signature)))
        return String(decoding: text, as: UTF8.self)
    }
}
