internal import Contracts
internal import Crypto
internal import Vocabulary

/// Encrypts what waits in the database. The keys are not in it, and a sealed mail opens under its own task's id only.
public struct MailSeal: Sendable {
    private let keys: [SymmetricKey]

    /// - Parameter keys: of 32 bytes; the first is used for new mails, the others open old ones.
    public init(keys: [[UInt8]]) {
        precondition(!keys.isEmpty && keys.allSatisfy { $0.count == Self.keyBytes }, "a key has \(Self.keyBytes) bytes")
        self.keys = keys.map { SymmetricKey(data: $0) }
    }

    static let keyBytes = 32

    func seal(_ letter: MailLetter, of id: Identifier) throws -> [UInt8] {
        Array(try ChaChaPoly.seal(letter.json.bytes, using: self.keys[0], authenticating: Self.context(id)).combined)
    }

    /// `nil` where no key opens it: it was sealed with one that is gone.
    func open(_ sealed: [UInt8], of id: Identifier) -> MailLetter? {
        for key in self.keys {
            guard let box = try? ChaChaPoly.SealedBox(combined: sealed),
                let bytes = try? ChaChaPoly.open(box, using: key, authenticating: Self.context(id)),
                let json = try? JSON(parsing: Array(bytes))
            else { continue }
            return try? MailLetter(json)
        }
        return nil
    }

    private static func context(_ id: Identifier) -> [UInt8] { Array("mail task \(id)".utf8) }
}
