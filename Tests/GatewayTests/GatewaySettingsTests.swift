internal import HTTP2
internal import Testing

@testable internal import GatewayService
@testable internal import ServiceKit

@Suite struct GatewaySettingsTests {
    private func settings(_ arguments: [String]) async throws -> GatewaySettings {
        let values = try await SettingsReader.read(
            GatewaySettings.settings,
            arguments: ["gateway", "--assertion-private-key-file", "k", "--installation-key-file", "i"] + arguments,
            environment: [:]
        )
        return GatewaySettings(values)
    }

    @Test func `the defaults are those that are published`() async throws {
        let settings = try await self.settings([])
        #expect(settings.http == Address(host: "127.0.0.1", port: 8_080))
        #expect(settings.https == nil)
        #expect(settings.limits == RateLimits())
        #expect(settings.edge == HTTPLimits())
        #expect(settings.wire.peers["crm"] == [Address(host: "127.0.0.1", port: 7_102)])
    }

    /// The two that stay have settings of their own.
    @Test func `every limit of the HTTP server has its setting, and no setting another's limit`() async throws {
        let published = HTTPLimits()
        var arguments: [String] = []
        for setting in EdgeLimit.all.map(\.setting) {
            let text = try #require(setting.defaultText)
            arguments += [setting.flag, Int(text).map { String($0 + 1) } ?? "false"]
        }
        let changed = try await self.settings(arguments).edge
        let pairs = zip(Mirror(reflecting: published).children, Mirror(reflecting: changed).children)
        let same = pairs.filter { "\($0.value)" == "\($1.value)" }.compactMap { $0.0.label }
        #expect(same == ["requestBodyBytesMax", "drainTimeout"])
        #expect(EdgeLimit.all.count + same.count == Mirror(reflecting: published).children.count)
    }

    @Test func `a certificate and its key switch TLS on`() async throws {
        let settings = try await self.settings(["--https-certificate-file", "c.pem", "--https-key-file", "c.key"])
        #expect(settings.https?.address == Address(host: "127.0.0.1", port: 8_443))
    }

    @Test func `a value that cannot be is refused`() async {
        await #expect(throws: ConfigurationErrors.self) { try await self.settings(["--limit-address-burst", "0"]) }
    }

    /// The key files do not exist, and that is said beside everything else.
    private static let missing = [
        "--installation-key-file: cannot read i: No such file or directory",
        "--assertion-private-key-file: cannot read k: No such file or directory",
    ]

    @Test(arguments: [
        (["--https-certificate-file", "c.pem"], ["--https-certificate-file and --https-key-file: set both or none"]),
        (
            ["--https-certificate-file", "c.pem", "--https-key-file", "c.key"],
            [
                "--https-certificate-file: cannot read c.pem: No such file or directory",
                "--https-key-file: cannot read c.key: No such file or directory",
            ]
        ),
        (
            ["--cors-origins", "https://app.example/,*,https://*.example,https://app.example"],
            ["https://app.example/", "*", "https://*.example"].map {
                "--cors-origins: \($0) is no origin; https://app.example is one"
            }
        ),
        (
            ["--http-host", "0.0.0.0", "--dev-mailbox", "true"],
            ["--dev-mailbox: whoever can read it can be anybody; it is for loopback addresses only"]
        ),
        (["--dev-mailbox", "true"], []),
        (
            ["--docs-directory", "d"],
            ["swagger-ui.css", "swagger-ui-bundle.js"].map {
                "--docs-directory: cannot read d/\($0): No such file or directory"
            }
        ),
    ]) func `everything that is wrong is said at once`(arguments: [String], expected: [String]) async throws {
        let problems = try await self.settings(arguments).problems
        #expect(problems == [Self.missing[0]] + expected + [Self.missing[1]])
    }

    @Test func `a key is read raw or in hexadecimal`() {
        let raw = (0..<32).map { UInt8($0) + 200 }
        #expect(GatewaySettings.key(in: raw) == raw)
        #expect(GatewaySettings.key(in: Array("00ff10\n".utf8)) == [0, 255, 16])
    }
}
