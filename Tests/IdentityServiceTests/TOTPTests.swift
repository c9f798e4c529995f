internal import Testing

@testable internal import IdentityService

@Suite struct TOTPTests {
    /// RFC 6238, appendix B, of which these are the last six digits.
    @Test(
        arguments: [
            (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
            (2_000_000_000, "279037"), (20_000_000_000, "353130"),
        ] as [(Int64, String)]
    )
    func `a code is the one that every authenticator shows`(seconds: Int64, code: String) {
        #expect(TOTP.code(Array("12345678901234567890".utf8), step: seconds / 30) == code)
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ])
    func `a secret is written in base 32`(text: String, encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == encoded)
    }

    @Test func `an authenticator reads whose it is`() {
        #expect(
            TOTP.uri(Array("foobar".utf8), account: "ada+x@example.com")
                == "otpauth://totp/Throughline:ada%2Bx@example.com?secret=MZXW6YTBOI&issuer=Throughline"
        )
    }
}
