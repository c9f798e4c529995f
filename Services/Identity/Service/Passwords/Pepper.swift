internal import Crypto
internal import Vocabulary

/// The keys that passwords are mixed with before they are hashed, and that no copy of the database contains.
public struct Peppers: Sendable {
    private struct Pepper: Sendable {
        let kid: String
        let key: SymmetricKey
    }

    /// A key of fewer bytes could be guessed.
    static let bytesMin = 16

    private let current: Pepper
    private let others: [Pepper]

    /// The first key is used for new hashes; the others verify old ones, which are then hashed anew.
    public init(current: [UInt8], old: [[UInt8]] = []) {
        precondition(current.count >= Self.bytesMin, "a pepper has at least \(Self.bytesMin) bytes")
        self.current = Self.pepper(current)
        self.others = old.map(Self.pepper)
    }

    /// Reads keys in hexadecimal, divided by commas or white space, the current one first. `nil` for anything else.
    public init?(_ text: String) {
        let words = text.split { $0 == "," || $0.isWhitespace }
        let keys = words.compactMap { Hexadecimal.decode($0.lowercased()) }
        guard let first = keys.first, keys.count == words.count, keys.allSatisfy({ $0.count >= Self.bytesMin }) else {
            return nil
        }
        self.init(current: first, old: Array(keys.dropFirst()))
    }

    /// The id of the key for new hashes.
    var currentKid: String { self.current.kid }

    /// HMAC-SHA256 of the password, or `nil` where the key of that id is gone.
    func mixed(_ password: [UInt8], kid: String) -> [UInt8]? {
        guard let pepper = ([self.current] + self.others).first(where: { $0.kid == kid }) else { return nil }
        return Array(HMAC<SHA256>.authenticationCode(for: password, using: pepper.key))
    }

    /// Keys for another purpose, which no copy of the database contains either: the current one first.
    func keys(for purpose: String) -> [[UInt8]] {
        ([self.current] + self.others).map { pepper in
            HKDF<SHA256>.deriveKey(inputKeyMaterial: pepper.key, info: Array(purpose.utf8), outputByteCount: 32)
                .withUnsafeBytes { Array($0) }
        }
    }

    /// A key is known by the beginning of its own digest, so that nobody has to number keys.
    private static func pepper(_ bytes: [UInt8]) -> Pepper {
        let kid = Hexadecimal.encode(Array(SHA256.hash(data: bytes).prefix(4)))
        return Pepper(kid: kid, key: SymmetricKey(data: bytes))
    }
}
