internal import Glibc
internal import Testing

@testable internal import ServiceKit

@Suite struct SettingsReaderTests {
    private let settings = [
        Setting("database.url", .text, secret: true, required: true, "Database."),
        Setting("wire.port", .number(1...65_535), default: "7102", "Port."),
        Setting("log.level", .choice(["debug", "info"]), default: "info", "Level."),
        Setting("sandbox", .flag, default: "false", "Sandbox."),
        Setting("peer.crm", .addresses, default: "127.0.0.1:7102", "CRM."),
    ]

    private func read(_ arguments: [String] = [], _ environment: [String: String] = [:]) async throws -> SettingValues {
        try await SettingsReader.read(self.settings, arguments: ["crm"] + arguments, environment: environment)
    }

    private func problems(_ arguments: [String], _ environment: [String: String] = [:]) async -> [String] {
        do {
            _ = try await self.read(arguments, environment)
            return []
        } catch {
            return (error as? ConfigurationErrors)?.problems ?? ["\(error)"]
        }
    }

    @Test func `an option wins over the environment, that over the file, and that over the default`() async throws {
        let file = try TemporaryFile(
            #"{"database": {"url": "file"}, "wire": {"port": 1}, "log": {"level": "debug"}, "sandbox": true}"#
        )
        let values = try await self.read(
            ["--config", file.path, "--database-url", "option"],
            ["DATABASE_URL": "environment", "WIRE_PORT": "2"]
        )
        #expect(values.string("database.url") == "option")
        #expect(values.int("wire.port") == 2)
        #expect(values.string("log.level") == "debug")
        #expect(values.bool("sandbox"))
        #expect(values.addresses("peer.crm") == [Address(host: "127.0.0.1", port: 7102)])
        #expect(values.values.map(\.source) == ["command line", "environment", file.path, file.path, "default"])
    }

    @Test func `a value keeps its commas, and a list may come as one from the file`() async throws {
        let url = "host=a,b,c target_session_attrs=read-write"
        let file = try TemporaryFile(#"{"peer": {"crm": ["10.0.0.1:1", "10.0.0.2:2"]}}"#)
        let values = try await self.read(["--database-url=\(url)", "--sandbox", "--config=\(file.path)"])
        #expect(values.string("database.url") == url)
        #expect(values.bool("sandbox"))
        #expect(values.addresses("peer.crm").map(\.description) == ["10.0.0.1:1", "10.0.0.2:2"])
    }

    @Test func `everything that is wrong is said at once`() async {
        let problems = await self.problems(
            ["stray", "--wire-prt", "7", "--wire-port", "0", "--peer-crm", "nowhere"],
            ["LOG_LEVEL": "loud", "SANDBOX": "perhaps", "CONFIG": "/nowhere/at-all.json"]
        )
        #expect(problems.count == 8)
        #expect(problems.contains("--wire-prt: unknown option; --help lists them"))
        #expect(problems.contains("stray: unexpected argument"))
        #expect(problems.contains { $0.hasPrefix("--config: cannot read /nowhere/at-all.json") })
        #expect(problems.contains("--database-url: is required; set it or DATABASE_URL (or DATABASE_URL_FILE)"))
        #expect(problems.contains(#"--wire-port: "0" from the command line must be a whole number from 1 to 65535"#))
        #expect(problems.contains(#"--log-level: "loud" from the environment must be one of debug, info"#))
        #expect(problems.contains(#"--sandbox: "perhaps" from the environment must be true or false"#))
        #expect(problems.contains { $0.hasPrefix(#"--peer-crm: "nowhere" from the command line must be host:port"#) })
    }

    @Test func `a file's value of the wrong type is not passed over`() async throws {
        let file = try TemporaryFile(#"{"database": {"url": "x"}, "wire": {"port": 1.5}}"#)
        let problems = await self.problems(["--config", file.path])
        #expect(problems == [#"--wire-port: "1.5" from the \#(file.path) must be a whole number from 1 to 65535"#])
    }

    @Test func `a key of the file that nobody reads is an error, and all of them at once`() async throws {
        let file = try TemporaryFile(
            #"{"database": {"url-file": "/nowhere", "rule": "x"}, "wire": {"prt": 1}, "cursor": 7}"#
        )
        let problems = await self.problems(["--config", file.path, "--database-url", "x"])
        for key in ["database.rule", "wire.prt", "cursor"] {
            #expect(problems.contains("\(key): unknown key in \(file.path); --help lists the settings"))
        }
        #expect(problems.count { $0.contains("unknown key") } == 3)
    }

    @Test func `a secret comes from a file without its newline`() async throws {
        let file = try TemporaryFile("postgres://crm:hidden@db/crm\n")
        let values = try await self.read([], ["DATABASE_URL_FILE": file.path])
        #expect(values.string("database.url") == "postgres://crm:hidden@db/crm")
    }

    @Test func `a secret given twice, or in a file that is not there, is an error`() async throws {
        let file = try TemporaryFile("x")
        let both = await self.problems(["--database-url", "y"], ["DATABASE_URL_FILE": file.path])
        #expect(both == ["--database-url: given both as a value and as a file"])
        let missing = await self.problems([], ["DATABASE_URL_FILE": "/nowhere"])
        #expect(missing.first == "--database-url-file: cannot read /nowhere: No such file or directory")
    }

    @Test func `a secret that is wrong is not repeated`() async {
        let problems = await self.problems(["--database-url="])
        #expect(problems == ["--database-url: the value from the command line must not be empty"])
    }
}

/// A file that lives as long as the test holds it.
final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/servicekit-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        self.path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let bytes = Array(text.utf8)
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
    }

    deinit { unlink(self.path) }
}
