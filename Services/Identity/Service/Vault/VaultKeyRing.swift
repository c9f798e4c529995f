internal import Crypto
internal import IdentityDomain
internal import Vocabulary

/// The keys that tokens are encrypted with: AES-256-GCM, each token for one organization, one provider and one row, so that a sealed
/// token that is moved to another row opens nowhere.
///
/// They come from a file of their own (`--vault-keys-file`), with a name each. The first one seals; those below it open what was sealed
/// with them until it has been sealed anew.
public struct VaultKeyRing: Sendable {
    /// Where a token belongs. It is authenticated with the token.
    struct Place: Hashable, Sendable {
        let organization: Identifier
        let provider: TokenProvider
        let id: Identifier

        /// The ids have one length, so that no two places have the same bytes.
        fileprivate var bytes: [UInt8] {
            Array("integration token \(self.organization) \(self.id) \(self.provider.rawValue)".utf8)
        }
    }

    /// A token as it is stored.
    struct Sealed: Hashable, Sendable {
        let bytes: [UInt8]
        /// Which key opens it.
        let keyID: String
    }

    /// Why a sealed token does not open.
    enum Failure: Error, Hashable, CustomStringConvertible {
        /// It was sealed with a key that is not in the file (any more). Put back, it opens again.
        case keyMissing(String)
        /// A bit has changed, or the token belongs elsewhere.
        case notAuthentic

        var description: String {
            switch self {
            case .keyMissing(let id): "the vault's key \"\(id)\" is not in --vault-keys"
            case .notAuthentic: "it was altered, or sealed for another place"
            }
        }
    }

    private struct Key: Sendable {
        let id: String
        let key: SymmetricKey
    }

    static let keyBytes = 32
    static let keysMax = 16
    static let idLengthMax = 32
    /// What sealing adds: a nonce of 12 bytes and a tag of 16.
    static let overheadBytes = 28
    /// What the setting must look like.
    static let form =
        "1 to \(Self.keysMax) lines of a name, a colon and \(2 * Self.keyBytes) hexadecimal digits, each name and key once"

    private let keys: [Key]

    /// Reads keys as `name:hexadecimal`, one on a line (or divided by commas), the one that seals first. `nil` for anything else.
    public init?(_ text: String) {
        let words = text.split { $0 == "," || $0.isWhitespace }
        let keys = words.compactMap { word -> (id: String, bytes: [UInt8])? in
            let parts = word.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isID(parts[0]), let bytes = Hexadecimal.decode(parts[1].lowercased()),
                bytes.count == Self.keyBytes
            else { return nil }
            return (String(parts[0]), bytes)
        }
        guard keys.count == words.count, (1...Self.keysMax).contains(keys.count),
            Set(keys.map(\.id)).count == keys.count, Set(keys.map(\.bytes)).count == keys.count
        else { return nil }
        self.keys = keys.map { Key(id: $0.id, key: SymmetricKey(data: $0.bytes)) }
    }

    private static func isID(_ text: Substring) -> Bool {
        (1...Self.idLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// The key that seals.
    var currentID: String { self.keys[0].id }
    /// Those that only open.
    var formerIDs: [String] { self.keys.dropFirst().map(\.id) }

    func seal(_ secret: [UInt8], for place: Place) throws -> Sealed {
        let box = try AES.GCM.seal(secret, using: self.keys[0].key, authenticating: place.bytes)
        return Sealed(bytes: Array(box.nonce) + box.ciphertext + box.tag, keyID: self.currentID)
    }

    func open(_ sealed: Sealed, for place: Place) throws(Failure) -> [UInt8] {
        guard let key = self.keys.first(where: { $0.id == sealed.keyID }) else { throw .keyMissing(sealed.keyID) }
        guard let box = try? AES.GCM.SealedBox(combined: sealed.bytes),
            let secret = try? AES.GCM.open(box, using: key.key, authenticating: place.bytes)
        else { throw .notAuthentic }
        return Array(secret)
    }
}
