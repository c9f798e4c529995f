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
        return try GatewaySettings(values)
    }

    @Test func `the defaults are those that are published`() async throws {
        let settings = try await self.settings([])
        #expect(settings.http == Address(host: "127.0.0.1", port: 8_080))
        #expect(settings.https == nil)
        #expect(settings.limits == RateLimits())
        #expect(settings.wire.peers["crm"] == [Address(host: "127.0.0.1", port: 7_102)])
    }

    @Test func `a certificate and its key switch TLS on`() async throws {
        let settings = try await self.settings(["--https-certificate-file", "c.pem", "--https-key-file", "c.key"])
        #expect(settings.https?.address == Address(host: "127.0.0.1", port: 8_443))
    }

    @Test(arguments: [
        ["--https-certificate-file", "c.pem"], ["--cors-origins", "https://app.example/"], ["--cors-origins", "*"],
        ["--cors-origins", "https://*.example"], ["--limit-address-burst", "0"],
    ]) func `what cannot be is refused`(arguments: [String]) async {
        await #expect(throws: ConfigurationErrors.self) { try await self.settings(arguments) }
    }

    @Test func `a key is read raw or in hexadecimal`() {
        let raw = (0..<32).map { UInt8($0) + 200 }
        #expect(GatewaySettings.key(in: raw) == raw)
        #expect(GatewaySettings.key(in: Array("00ff10\n".utf8)) == [0, 255, 16])
    }
}
