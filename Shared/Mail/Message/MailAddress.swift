/// Where a mail comes from or goes to. What could end a header's line or a command's is no address, so that nothing can be injected
/// through one.
public struct MailAddress: Hashable, Sendable {
    /// What people call the holder; any text, coded where it is written.
    public let name: String?
    public let local: String
    public let domain: String

    static let bytesMax = 254
    static let localBytesMax = 64

    /// - Parameter address: `local@domain`; the domain in ASCII.
    public init?(_ address: String, name: String? = nil) {
        guard let at = address.lastIndex(of: "@"), address.utf8.count <= Self.bytesMax else { return nil }
        let local = address[..<at]
        let domain = address[address.index(after: at)...]
        guard Self.isLocal(local), Self.isDomain(domain) else { return nil }
        self.name = name
        self.local = String(local)
        self.domain = String(domain)
    }

    /// Reads `Name <local@domain>` or the address alone, as settings have it.
    public init?(mailbox text: String) {
        guard let open = text.lastIndex(of: "<"), text.last == ">" else {
            self.init(text)
            return
        }
        let name = text[..<open].reversed().drop(while: \.isWhitespace).reversed()
        self.init(String(text[text.index(after: open)...].dropLast()), name: name.isEmpty ? nil : String(name))
    }

    /// A dot-atom, with letters of any script (RFC 6531): nothing of it needs quotes.
    private static func isLocal(_ local: Substring) -> Bool {
        (1...Self.localBytesMax).contains(local.utf8.count)
            && local.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    ? self.isLetterOrDigit(scalar) || "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
                    : scalar.properties.isAlphabetic
            }
    }

    private static func isDomain(_ domain: Substring) -> Bool {
        !domain.isEmpty
            && domain.unicodeScalars.allSatisfy { self.isLetterOrDigit($0) || $0 == "-" || $0 == "." }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }

    /// `local@domain`.
    public var address: String { "\(self.local)@\(self.domain)" }
    /// Whether a server must understand SMTPUTF8 (RFC 6531) to take it.
    var isInternational: Bool { !self.local.utf8.allSatisfy { $0 < 0x80 } }

    /// As a `From` or `To` field has it.
    var headerValue: String {
        guard let name, !name.isEmpty else { return "<\(self.address)>" }
        return "\(HeaderText.phrase(name)) <\(self.address)>"
    }
}
