internal import Contracts
internal import Crypto

/// Where random bytes come from: the system's generator, or a test's.
public typealias RandomBytes = @Sendable (_ count: Int) -> [UInt8]

/// The system's generator.
public func systemRandomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// 256 random bits behind a prefix that says what they are for, so that secret scanners and log scrubbers know them.
struct Token: Hashable, Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case access = "st_"
        case refresh = "rt_"
        case apiKey = "ak_"
        case passwordReset = "pr_"
        case invitation = "iv_"
        /// Authenticates nobody: by it a browser is known again (``Throttle``).
        case device = "dv_"
    }

    static let bytes = 32
    /// 32 bytes in base64url.
    private static let encodedLength = 43
    /// How much of an API key is shown in lists.
    static let shownLength = 11

    let kind: Kind
    let text: String

    static func make(_ kind: Kind, _ random: RandomBytes) -> Token {
        Token(kind: kind, text: kind.rawValue + Base64URL.encode(random(Self.bytes)))
    }

    private init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }

    /// `nil` for what cannot be one of ours, which then costs no query.
    init?(_ text: String) {
        guard let kind = Kind.allCases.first(where: { text.hasPrefix($0.rawValue) }),
            text.utf8.count == kind.rawValue.utf8.count + Self.encodedLength
        else { return nil }
        self.init(kind: kind, text: text)
    }

    /// What is stored. A plain digest: there are too many tokens to guess one from it.
    var sha256: [UInt8] { Array(SHA256.hash(data: Array(self.text.utf8))) }
    var shown: String { String(self.text.prefix(Self.shownLength)) }

    // MARK: - Sealing a successor

    private static let sealInfo = Array("throughline refresh successor".utf8)

    /// Encrypts with a key that only this token gives.
    func seal(_ secret: [UInt8]) throws -> [UInt8] {
        Array(try ChaChaPoly.seal(secret, using: self.sealKey).combined)
    }

    func open(_ sealed: [UInt8]) throws -> [UInt8] {
        Array(try ChaChaPoly.open(ChaChaPoly.SealedBox(combined: sealed), using: self.sealKey))
    }

    private var sealKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(self.text.utf8)),
            info: Self.sealInfo,
            outputByteCount: 32
        )
    }
}
