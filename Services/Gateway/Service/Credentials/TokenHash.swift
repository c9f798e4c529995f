internal import Crypto
internal import Vocabulary

/// The SHA-256 of a token: what stands for it in every cache, so that no token is kept in memory longer than its request.
struct TokenHash: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(of token: String) {
        var token = token
        let digest = token.withUTF8 { SHA256.hash(data: UnsafeRawBufferPointer($0)) }
        self = digest.withUnsafeBytes(TokenHash.init(digest:))
    }

    /// Reads 64 hexadecimal digits.
    init?(hexadecimal text: String) {
        guard let bytes = Hexadecimal.decode(text), bytes.count == SHA256.byteCount else { return nil }
        self = bytes.withUnsafeBytes(TokenHash.init(digest:))
    }

    private init(digest: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        self.words = (word(0), word(1), word(2), word(3))
    }

    static func == (left: TokenHash, right: TokenHash) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        // Any word of a cryptographic hash is as good as all of them.
        hasher.combine(self.words.0)
    }
}
