internal import Testing

@testable internal import ServiceKit

@Suite struct ConfigurationTextTests {
    @Test(
        "a secret shows where it points and nothing more",
        arguments: [
            ("plain-secret", "********"),
            ("host=db password=hidden", "********"),
            ("postgres://db/crm", "postgres://db/crm"),
            ("postgres://crm@db/crm", "postgres://crm:********@db/crm"),
            ("postgres://crm:hidden@db:5432/crm", "postgres://crm:********@db:5432/crm"),
            ("postgres://crm:hid@den@db/crm", "postgres://crm:********@db/crm"),
            ("postgres://crm:hid/den@db/crm", "********"),
            ("postgres://db/crm?user=crm&password=hidden", "postgres://db/crm?********"),
        ]
    )
    func masked(text: String, shown: String) {
        #expect(ConfigurationText.masked(text) == shown)
    }

    @Test func `the printed configuration has values, sources and no secret`() async throws {
        let settings = [
            Setting("database.url", .text, secret: true, "Database."),
            Setting("database.owner-url", .text, secret: true, "Owner."),
            Setting("wire.port", .number(1...9), default: "7", "Port."),
        ]
        let values = try await SettingsReader.read(
            settings,
            arguments: ["crm"],
            environment: ["DATABASE_URL": "postgres://crm:hidden@db/crm"]
        )
        #expect(
            ConfigurationText.printed(values) == """
                database.url       = postgres://crm:********@db/crm  # environment
                database.owner-url = (not set)                       # default
                wire.port          = 7                               # default

                """
        )
    }

    @Test func `help lists every setting with its variable and its default`() {
        let settings = ProcessConfiguration.settings(for: "crm") + ServiceConfiguration.settings(for: "crm")
        let help = ConfigurationText.help(service: "crm", settings: settings)
        for setting in settings { #expect(help.contains("  \(setting.flag) "), "\(setting.key)") }
        #expect(help.contains("(WIRE_PORT; default 7102)"))
        #expect(help.contains("(DATABASE_URL; required)"))
        #expect(help.contains("78 the configuration is wrong"))
    }
}
