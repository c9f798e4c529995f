public import Contracts

/// What of a sensitive value may be seen in a log.
public enum Redaction {
    /// What stands for the part that was left out.
    public static let mask = "***"
    /// What stands for a value of which nothing may be seen.
    public static let withheld = "[withheld]"
    /// With fewer letters or digits than this, four of them would give the value away, so none is shown.
    public static let revealingLengthMin = 7
    static let tokenPrefixLengthMax = 8
    static let tokenIdentifierLengthMax = 64
    static let domainLengthMax = 253

    /// The form of `text` that may be seen.
    public static func redacted(_ text: String, as sensitivity: Sensitivity) -> String {
        switch sensitivity {
        case .email: self.email(text)
        case .phone: self.lastFour(of: text.unicodeScalars.filter { ("0"..."9").contains($0) })
        case .taxID:
            self.lastFour(
                of: text.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil }
            )
        case .token: self.token(text)
        case .password, .signature, .content, .name: self.withheld
        }
    }

    /// `jane@acme.example` becomes `***@acme.example`; what is no address shows nothing.
    private static func email(_ text: String) -> String {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return self.mask }
        let domain = text.utf8[text.utf8.index(after: at)...]
        guard (1...self.domainLengthMax).contains(domain.count), domain.allSatisfy(self.isDomainByte) else {
            return self.mask
        }
        return "\(self.mask)@\(Substring(domain))"
    }

    private static func lastFour(of characters: String.UnicodeScalarView) -> String {
        guard characters.count >= self.revealingLengthMin else { return self.mask }
        return self.mask + String(String.UnicodeScalarView(characters.suffix(4)))
    }

    /// `tl_0190….secret` becomes `tl_0190….***`, `whsec_secret` becomes `whsec_***`; anything else shows nothing.
    ///
    /// Only a dot divides id and secret, because a base64url secret may contain `_` and `-` but never a dot; and an
    /// id is lower case, which the readable header of a JSON web token is not.
    private static func token(_ text: String) -> String {
        let bytes = text.utf8
        if let dot = bytes.firstIndex(of: UInt8(ascii: ".")) {
            let identifier = bytes[..<dot]
            guard (1...self.tokenIdentifierLengthMax).contains(identifier.count),
                identifier.allSatisfy({
                    self.isLowercaseOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                })
            else { return self.mask }
            return "\(Substring(identifier)).\(self.mask)"
        }
        guard let underscore = bytes.firstIndex(of: UInt8(ascii: "_")) else { return self.mask }
        let prefix = bytes[..<underscore]
        guard (1...self.tokenPrefixLengthMax).contains(prefix.count), prefix.allSatisfy(self.isLowercaseOrDigit) else {
            return self.mask
        }
        return "\(Substring(prefix))_\(self.mask)"
    }

    private static func isLowercaseOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isDomainByte(_ byte: UInt8) -> Bool {
        self.isLowercaseOrDigit(byte | 0x20) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }
}
