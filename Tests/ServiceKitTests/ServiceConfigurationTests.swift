internal import Postgres
internal import Testing

@testable internal import ServiceKit

@Suite struct ServiceConfigurationTests {
    private func read(_ arguments: String...) async throws -> ServiceConfiguration {
        let settings = ProcessConfiguration.settings(for: "crm") + ServiceConfiguration.settings(for: "crm")
        let values = try await SettingsReader.read(settings, arguments: ["crm"] + arguments, environment: [:])
        return try ServiceConfiguration(ProcessConfiguration(name: "crm", version: "1", values: values), values)
    }

    @Test func `on one machine a URL and the installation's key are enough`() async throws {
        let configuration = try await self.read(
            "--database-url",
            "x",
            "--installation-key-file",
            "/k",
            "--instance",
            "crm-1"
        )
        #expect(configuration.wireAddress == Address(host: "127.0.0.1", port: 7102))
        #expect(configuration.process.adminAddress == Address(host: "127.0.0.1", port: 7202))
        #expect(configuration.wire.peers["timeline"] == [Address(host: "127.0.0.1", port: 7105)])
        #expect(configuration.database.applicationName == "crm-1")
        #expect(configuration.database.url == "x")
        #expect(configuration.databaseRole == "crm")
        #expect(configuration.wire.tls == nil)
    }

    @Test func `off the loopback there is no way without certificates`() async throws {
        let error = await #expect(throws: ConfigurationErrors.self) {
            try await self.read("--database-url", "x", "--installation-key-file", "/k", "--wire-host", "0.0.0.0")
        }
        #expect(error?.problems == ["--tls-certificate-file: is required, because 0.0.0.0:7102 is not on the loopback"])
        let configuration = try await self.read(
            "--database-url",
            "x",
            "--wire-host",
            "0.0.0.0",
            "--tls-certificate-file",
            "c",
            "--tls-key-file",
            "k",
            "--tls-authority-file",
            "a"
        )
        #expect(configuration.wire.tls == WireSettings.TLSFiles(certificate: "c", key: "k", authority: "a"))
    }

    @Test func `half of a TLS configuration is none`() async throws {
        let error = await #expect(throws: ConfigurationErrors.self) {
            try await self.read("--database-url", "x", "--tls-key-file", "k")
        }
        #expect(error?.problems.count == 2)
    }
}
