internal import Postgres
internal import Testing

@testable internal import ServiceKit

@Suite struct ServiceConfigurationTests {
    private static let assertionKey = String(repeating: "0a", count: 32)

    private func read(_ arguments: [String]) async throws -> ServiceConfiguration {
        let settings = ProcessConfiguration.settings(for: "crm") + ServiceConfiguration.settings(for: "crm")
        let values = try await SettingsReader.read(
            settings,
            arguments: ["crm", "--database-url", "x"] + arguments,
            environment: [:]
        )
        return ServiceConfiguration(ProcessConfiguration(name: "crm", version: "1", values: values), values)
    }

    /// The options that name these files, and what is wrong.
    private func problems(key: String, assertion: String, _ arguments: [String] = []) async throws -> [String] {
        try await self.read(["--installation-key-file", key, "--assertion-public-key-files", assertion] + arguments)
            .problems
    }

    @Test func `on one machine a URL, the installation's key and the gateway's are enough`() async throws {
        let key = try TemporaryFile(String(repeating: "a", count: 64) + "\n")
        let assertion = try TemporaryFile(Self.assertionKey + "\n")
        let configuration = try await self.read([
            "--installation-key-file", key.path, "--assertion-public-key-files", assertion.path, "--instance", "crm-1",
        ])
        #expect(configuration.problems == [])
        _ = try configuration.assertionVerifier(for: "crm")
        #expect(configuration.wireAddress == Address(host: "127.0.0.1", port: 7102))
        #expect(configuration.process.adminAddress == Address(host: "127.0.0.1", port: 7202))
        #expect(configuration.wire.peers["timeline"] == [Address(host: "127.0.0.1", port: 7105)])
        #expect(configuration.database.applicationName == "crm-1")
        #expect(configuration.database.url == "x")
        #expect(configuration.wire.tls == nil)
    }

    @Test func `off the loopback there is no way without certificates`() async throws {
        let key = try TemporaryFile(String(repeating: "a", count: 64))
        let assertion = try TemporaryFile(Self.assertionKey)
        let remote = ["--wire-host", "0.0.0.0"]
        let problems = try await self.problems(key: key.path, assertion: assertion.path, remote)
        #expect(problems == ["--tls-certificate-file: is required, because 0.0.0.0:7102 is not on the loopback"])
        let file = try TemporaryFile("-----BEGIN CERTIFICATE-----\n")
        let certificates = ["certificate", "key", "authority"].flatMap { ["--tls-\($0)-file", file.path] }
        #expect(try await self.problems(key: key.path, assertion: assertion.path, remote + certificates) == [])
    }

    @Test func `half of a TLS configuration is none`() async throws {
        let problems = try await self.read(["--assertion-public-key-files", "/none", "--tls-key-file", "k"]).problems
        #expect(
            problems == [
                "--tls-certificate-file, --tls-key-file and --tls-authority-file: set all three or none",
                "--installation-key-file: is required without TLS; set it or INSTALLATION_KEY_FILE",
                "--assertion-public-key-files: cannot read /none: No such file or directory",
            ]
        )
    }

    @Test func `a service that could verify nobody does not start`() async throws {
        let error = await #expect(throws: ConfigurationErrors.self) { try await self.read([]) }
        #expect(
            error?.problems == [
                "--assertion-public-key-files: is required; set it or ASSERTION_PUBLIC_KEY_FILES"
            ]
        )
    }

    @Test func `every file that is missing or holds no key is named`() async throws {
        let short = try TemporaryFile("abc\n")
        let words = try TemporaryFile("not hexadecimal!")
        let half = try TemporaryFile("0a0b")
        let problems = try await self.problems(
            key: short.path,
            assertion: "/nowhere/a,\(words.path),\(half.path)",
            ["--tls-certificate-file", "/nowhere/c", "--tls-key-file", "/nowhere/k", "--tls-authority-file", half.path]
        )
        #expect(
            problems == [
                "--tls-certificate-file: cannot read /nowhere/c: No such file or directory",
                "--tls-key-file: cannot read /nowhere/k: No such file or directory",
                "--installation-key-file: \(short.path) is shorter than 32 bytes",
                "--assertion-public-key-files: cannot read /nowhere/a: No such file or directory",
                "--assertion-public-key-files: \(words.path) does not hold hexadecimal digits",
                "--assertion-public-key-files: \(half.path) holds 2 bytes, not 32",
            ]
        )
    }
}
