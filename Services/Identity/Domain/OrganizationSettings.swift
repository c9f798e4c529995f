public import Vocabulary

/// What must be right about what an organization says of itself.
public enum OrganizationSettings {
    /// Throws for a locale that is no language tag, a logo that pages would not show, and numbers that could not be told apart; what is
    /// not said is not looked at.
    public static func check(
        locale: String?,
        logoURL: String? = nil,
        invoiceNumbers: String? = nil
    ) throws(Rejection) {
        if let locale, !Self.isLanguageTag(locale) {
            throw .invalid("/locale", code: "language_tag", "This is no language tag such as en or de-CH.")
        }
        if let logoURL, !logoURL.hasPrefix("https://") {
            throw .invalid("/logo_url", code: "https", "Pages show only what comes by https.")
        }
        if let invoiceNumbers {
            let pointer = "/number_formats/invoice"
            try NumberFormat(invoiceNumbers, at: pointer).requireYear(at: pointer)
        }
    }

    /// The shape of BCP 47: a language of two or three letters, then parts of letters and digits.
    private static func isLanguageTag(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let areParts = parts.allSatisfy { part in
            (1...8).contains(part.count) && part.allSatisfy { Self.isLetter($0) || (0x30...0x39).contains($0) }
        }
        guard areParts, let language = parts.first, language.allSatisfy(Self.isLetter) else { return false }
        return (2...3).contains(language.count)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
