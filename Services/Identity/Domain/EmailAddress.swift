public import Vocabulary

/// An e-mail address in the one form in which it is stored and compared: trimmed, lower case, its domain in ASCII.
public struct EmailAddress: Hashable, Sendable {
    public let local: String
    public let domain: String

    public static let bytesMax = 254
    public static let localBytesMax = 64
    private static let labelBytesMax = 63

    public init(_ text: String, at pointer: String = "/email") throws(Rejection) {
        let trimmed = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        let lowered = String(trimmed).lowercased()
        guard let at = lowered.lastIndex(of: "@") else { throw Self.malformed(pointer) }
        let local = String(lowered[..<at])
        guard
            Self.isLocal(local),
            let domain = Self.ascii(lowered[at...].dropFirst()),
            local.utf8.count + 1 + domain.utf8.count <= Self.bytesMax
        else { throw Self.malformed(pointer) }
        self.local = local
        self.domain = domain
    }

    private static func malformed(_ pointer: String) -> Rejection {
        .invalid(pointer, code: "malformed", "That is not an e-mail address.")
    }

    /// A dot-atom of RFC 5322, with letters of any script (RFC 6531). Quoted local parts are refused.
    private static func isLocal(_ local: String) -> Bool {
        guard (1...Self.localBytesMax).contains(local.utf8.count) else { return false }
        let atoms = local.split(separator: ".", omittingEmptySubsequences: false)
        return atoms.allSatisfy { atom in
            !atom.isEmpty
                && atom.unicodeScalars.allSatisfy { scalar in
                    scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
                }
        }
    }

    private static func ascii(_ domain: Substring) -> String? {
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2 else { return nil }
        var encoded: [String] = []
        for label in labels {
            guard let ascii = Punycode.label(label), Self.isLabel(ascii) else { return nil }
            encoded.append(ascii)
        }
        guard let top = encoded.last, !top.utf8.allSatisfy({ $0 < UInt8(ascii: "a") }) else { return nil }
        return encoded.joined(separator: ".")
    }

    private static func isLabel(_ label: String) -> Bool {
        guard (1...Self.labelBytesMax).contains(label.utf8.count), !label.hasPrefix("-"), !label.hasSuffix("-") else {
            return false
        }
        return label.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
    }
}

extension EmailAddress: CustomStringConvertible {
    public var description: String { "\(self.local)@\(self.domain)" }
}
