internal import IdentityDomain
internal import Testing

@Suite struct DeviceNameTests {
    private static let webKit = "AppleWebKit/537.36 (KHTML, like Gecko)"

    @Test(
        arguments: [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64) \(Self.webKit) Chrome/129.0 Safari/537.36", "Chrome on Linux"),
            (
                "Mozilla/5.0 (X11; CrOS x86_64) \(Self.webKit) Chrome/129.0 Safari/537.36",
                "Chrome on ChromeOS"
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) \(Self.webKit) Chrome/129.0 Safari/537.36 Edg/129.0",
                "Edge on Windows"
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) \(Self.webKit) Chrome/128.0 Safari/537.36 OPR/114.0",
                "Opera on Windows"
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) \(Self.webKit) Version/17.6 Safari/605.1.15",
                "Safari on Mac"
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) \(Self.webKit) CriOS/129.0 Safari/604.1",
                "Chrome on iPhone"
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) \(Self.webKit) SamsungBrowser/26.0 Chrome/122.0 Safari",
                "Samsung Internet on Android"
            ),
            ("Mozilla/5.0 (compatible)", "Browser"), ("curl/8.5.0", "curl"),
            ("python-requests/2.32", "python-requests"),
            ("throughline/1.0 (Linux)", "throughline on Linux"), ("", "Unknown program"), ("/", "Unknown program"),
            (String(repeating: "x", count: 500), String(repeating: "x", count: 60)),
        ] as [(String, String)]
    )
    func `a program is named by what it says of itself`(userAgent: String, words: String) {
        #expect(DeviceName.words(userAgent) == words)
    }

    @Test func `who says nothing is unknown`() { #expect(DeviceName.words(nil) == DeviceName.unknown) }
}
