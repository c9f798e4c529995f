internal import Testing

@testable internal import Mail
@testable internal import ServiceKit

@Suite struct MailSettingsTests {
    private func values(_ arguments: [String]) async throws -> SettingValues {
        try await SettingsReader.read(MailSettings.settings, arguments: ["identity"] + arguments, environment: [:])
    }

    @Test func `without a mail server mails wait, and links lead to this machine`() async throws {
        let values = try await self.values([])
        #expect(MailSettings.problems(in: values).isEmpty)
        let settings = try MailSettings(values)
        #expect(settings.sender.address == "no-reply@throughline.example" && settings.sender.name == "Throughline")
        #expect(settings.linkBase == "http://127.0.0.1:8080" && !settings.hasMailbox)
    }

    @Test func `a link's base needs no slash at its end`() async throws {
        let values = try await self.values(["--mail-link-base", "https://app.firm.example/", "--mail-mailbox", "true"])
        let settings = try MailSettings(values)
        #expect(settings.linkBase == "https://app.firm.example" && settings.hasMailbox)
    }

    @Test(arguments: [
        (["--mail-from", "nobody"], ["--mail-from: must be an address, or a name and an address in angle brackets"]),
        (
            ["--mail-mailbox", "true", "--smtp-host", "mail.example"],
            ["--mail-mailbox: where there is a mail server, mails are sent"]
        ),
        (
            ["--smtp-host", "mail.example", "--smtp-user", "ada"],
            ["--smtp-user: needs --smtp-password, and the other way round"]
        ),
        (
            ["--smtp-host", "mail.example", "--smtp-user", "a", "--smtp-password", "b", "--smtp-encryption", "none"],
            ["--smtp-encryption: a password is not sent over a network that anybody may read"]
        ),
        (["--smtp-host", "127.0.0.1", "--smtp-user", "a", "--smtp-password", "b", "--smtp-encryption", "none"], []),
        (
            ["--smtp-host", "mail.example", "--smtp-authority-file", "/nowhere.pem"],
            ["--smtp-authority-file: cannot read /nowhere.pem: No such file or directory"]
        ),
    ])
    func `what cannot be together is said`(arguments: [String], problems: [String]) async throws {
        #expect(MailSettings.problems(in: try await self.values(arguments)) == problems)
    }

    @Test(arguments: [["--smtp-port", "0"], ["--smtp-encryption", "maybe"], ["--mail-mailbox", "perhaps"]])
    func `a value that cannot be is refused`(arguments: [String]) async {
        await #expect(throws: ConfigurationErrors.self) { try await self.values(arguments) }
    }
}
