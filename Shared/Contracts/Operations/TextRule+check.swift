internal import Vocabulary

extension TextRule {
    /// `text` without the white space around it; a password as it is.
    func trimmed(_ text: String) -> String {
        guard self.format != .password else { return text }
        // Most texts begin and end with a visible ASCII character, and are not copied.
        if let first = text.utf8.first, let last = text.utf8.last, Self.isVisible(first), Self.isVisible(last) {
            return text
        }
        let scalars = text.unicodeScalars
        guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[start...end])
    }

    /// What is wrong with a trimmed text by this rule; `nil` where it may stand.
    func problem(with text: String) -> (code: SchemaCode, detail: String)? {
        if self.format != .password, self.lengthMin > 0, Self.isBlank(text) {
            return (.blank, "At least one visible character is expected here.")
        }
        let length = text.unicodeScalars.count
        if length < self.lengthMin {
            return (.tooShort, "At least \(self.lengthMin) characters are expected here.")
        }
        if length > self.lengthMax {
            return (.tooLong, "At most \(self.lengthMax) characters are accepted here; there are \(length).")
        }
        if self.format != .password, let control = text.unicodeScalars.first(where: Self.isRefusedControl) {
            let code = String(control.value, radix: 16, uppercase: true)
            let digits = String(repeating: "0", count: max(0, 4 - code.utf8.count)) + code
            return (.character, "The control character U+\(digits) is not accepted.")
        }
        // PostgreSQL cannot store U+0000 in text.
        if text.utf8.contains(0) { return (.character, "The character U+0000 is not accepted.") }
        switch self.format {
        case .plain, .password:
            return nil
        case .email:
            return Self.isEmail(text) ? nil : (.email, "An e-mail address is expected here.")
        case .uri:
            return Self.isWebAddress(text) ? nil : (.uri, "A URL is expected here, such as https://example.com.")
        case .phone:
            return Self.isPhone(text) ? nil : (.phone, "A phone number is expected here, such as +4930123456.")
        case .currency:
            return Currency(text) == nil
                ? (.currency, "An ISO 4217 currency code is expected here, such as USD.") : nil
        case .timeZone:
            return Zone(text) == nil ? (.timeZone, "An IANA time zone is expected here, such as Europe/Berlin.") : nil
        case .sha256:
            return text.utf8.count == 64 && text.utf8.allSatisfy(Self.isHexDigit)
                ? nil : (.sha256, "64 hexadecimal digits are expected here.")
        }
    }

    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f }

    /// Whether a person would see nothing of it.
    private static func isBlank(_ text: String) -> Bool {
        if let first = text.utf8.first, self.isVisible(first) { return false }
        return text.unicodeScalars.allSatisfy {
            $0.properties.isWhitespace || $0.properties.isDefaultIgnorableCodePoint
        }
    }

    /// What schemas say of ``isRefusedControl(_:)``, as a regular expression of ECMA-262.
    static let pattern = "^\(anyText)$"
    private static let anyText = #"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]*"#
    /// What schemas say of ``isWebAddress(_:)``.
    static let uriPattern =
        "^https?://[A-Za-z0-9.\\-]+(:[0-9]{1,5})?(/\(pathText)*)?(\\?\(queryText)*)?(#\(queryText)*)?$"
    private static let pathText = "([A-Za-z0-9\\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})"
    private static let queryText = "([A-Za-z0-9\\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})"
    /// What schemas say of ``isPhone(_:)``.
    static let phonePattern = #"^[+()\-./ ]*([0-9][+()\-./ ]*){3,15}$"#

    /// C0 and C1 controls and DEL, other than tab and the ends of lines: they show nothing, and move a terminal's cursor.
    private static func isRefusedControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0a, 0x0d, 0x85: false
        case 0x00...0x1f, 0x7f...0x9f: true
        default: false
        }
    }

    /// One `@`, something before it, and a dotted name behind it, with no spaces or controls (the rest is for the mail server to say).
    private static func isEmail(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            return false
        }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.count >= 2 && labels.allSatisfy { !$0.isEmpty }
    }

    /// By http or https, as RFC 3986 has it: another alphabet comes as punycode and percent signs. The host is a name or an IPv4
    /// address; a user and a password have no place in what others are shown.
    private static func isWebAddress(_ text: String) -> Bool {
        guard let start = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let rest = text.utf8.dropFirst(start.utf8.count)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        let parts = authority.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty,
            host.allSatisfy({ self.isLetterOrDigit($0) || ".-".utf8.contains($0) })
        else { return false }
        if parts.count == 2, !(1...5).contains(parts[1].count) || !parts[1].allSatisfy(self.isDigit) { return false }
        return self.isPathAndQuery(rest[authority.endIndex...])
    }

    /// RFC 3986, sections 3.3 to 3.5: percent signs begin two hexadecimal digits, and one fragment at most.
    private static func isPathAndQuery(_ text: Substring.UTF8View) -> Bool {
        let plain = "-._~!$&'()*+,;=:@/?".utf8
        var rest = text
        var fragments = 0
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    [high, low].allSatisfy({ self.isLetterOrDigit($0) && self.isHexDigit($0 | 0x20) })
                else { return false }
            case UInt8(ascii: "#"):
                fragments += 1
            default:
                guard self.isLetterOrDigit(byte) || plain.contains(byte) else { return false }
            }
        }
        return fragments <= 1
    }

    /// Digits with the usual punctuation, 3 to 15 digits as E.164 has them.
    private static func isPhone(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
        return (3...15).contains(digits) && text.utf8.allSatisfy { "+()-./ 0123456789".utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
