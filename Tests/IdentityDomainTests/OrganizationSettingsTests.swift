internal import IdentityDomain
internal import Testing
internal import Vocabulary

@Suite struct OrganizationSettingsTests {
    @Test(arguments: ["en", "de-CH", "zh-Hant-TW", "es-419", "gsw", "sr-Latn-RS", "de-1996", "en-x-legal"])
    func `a locale is a language tag`(locale: String) throws {
        try OrganizationSettings.check(locale: locale)
    }

    @Test(arguments: ["", "e", "english", "en_US", "en-", "-en", "en--US", "12", "en-abcdefghi", "dé", "en US"])
    func `what is none is refused`(locale: String) {
        let rejection = #expect(throws: Rejection.self) {
            try OrganizationSettings.check(locale: locale)
        }
        #expect(rejection?.kind == .invalid(pointer: "/locale", code: "language_tag"))
    }

    @Test func `a logo that pages would not show is refused`() throws {
        let rejection = #expect(throws: Rejection.self) {
            try OrganizationSettings.check(locale: nil, logoURL: "http://ada.example/logo.svg")
        }
        #expect(rejection?.kind == .invalid(pointer: "/logo_url", code: "https"))
        try OrganizationSettings.check(locale: nil, logoURL: "https://ada.example/logo.svg?size=2")
    }

    @Test(arguments: [
        ("INV-{number}", "needs_year"), ("INV-{year}", "one_number"), ("{year}{number}{number}", "one_number"),
        ("{month}-{number}", "malformed"), ("{year}-{number:13}", "malformed"),
        (String(repeating: "x", count: 40) + "{year}{number}", "too_long"),
    ])
    func `numbers that could not be told apart are refused`(pattern: String, code: String) throws {
        let rejection = #expect(throws: Rejection.self) {
            try OrganizationSettings.check(locale: nil, invoiceNumbers: pattern)
        }
        #expect(rejection?.kind == .invalid(pointer: "/number_formats/invoice", code: code))
        try OrganizationSettings.check(locale: nil, invoiceNumbers: "R{year}/{number:4}")
    }
}
