internal import Crypto
internal import IdentityDomain

/// The codes of RFC 6238, as every authenticator computes them: HMAC-SHA1 over the step, six digits.
enum TOTP {
    /// As many bytes as the digest has (RFC 4226, section 4).
    static let secretBytes = 20

    static func code(_ secret: [UInt8], step: Int64) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) }
        let digest = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(digest[digest.count - 1] & 0x0F)
        let number =
            UInt32(digest[offset] & 0x7F) << 24 | UInt32(digest[offset + 1]) << 16 | UInt32(digest[offset + 2]) << 8
            | UInt32(digest[offset + 3])
        let text = String(number % 1_000_000)
        return String(repeating: "0", count: SecondFactor.digits - text.count) + text
    }

    /// What an authenticator reads out of a QR code.
    static func uri(_ secret: [UInt8], account: String) -> String {
        // An address has few characters that a path may not have; `@` is not one of them.
        let label = account.utf8.map { byte -> String in
            let isPlain = byte.isLetterOrDigit || "@.-_~".utf8.contains(byte)
            return isPlain
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return "otpauth://totp/Throughline:\(label.joined())?secret=\(Base32.encode(secret))&issuer=Throughline"
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        let letter = self | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter) && self < 0x80
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}

/// Bytes in the letters A to Z and the digits 2 to 7 (RFC 4648), unpadded: what people can type.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

    static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        var (buffer, bits) = (UInt32(0), 0)
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(Self.alphabet[Int(buffer >> UInt32(bits) & 31)])
            }
            buffer &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { text.append(Self.alphabet[Int(buffer << UInt32(5 - bits) & 31)]) }
        return text
    }
}
