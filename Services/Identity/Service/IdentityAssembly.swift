internal import Contracts
internal import IdentityDomain
internal import Mail
internal import Resources
public import ServiceKit
internal import Vocabulary

extension Identity {
    /// The process, for its `main.swift`.
    public static let definition = ServiceDefinition(
        name: "identity",
        migrations: Identity.migrations,
        settings: IdentityOptions.settings,
        check: IdentityOptions.problems
    ) { environment in
        let mail = try MailSettings(environment.values)
        var options = try IdentityOptions(environment.values)
        options.linkBase = mail.linkBase
        options.keepsMails = mail.hasMailbox
        options.clock = environment.clock
        let parts = try IdentityParts(try environment.persistence(), options)
        let (clock, logger) = (environment.clock, environment.makeLogger("identity.housekeeping"))
        return AssembledService(
            handler: try environment.endpoint(identityRouter(parts)),
            background: [
                Periodic("revocations", every: IdentityParts.revocationPoll, clock: clock, logger: logger) { now in
                    try await parts.pollRevocations(at: now)
                },
                Periodic("password-resets", every: PasswordResets.sendingInterval, clock: clock, logger: logger) {
                    now in
                    try await parts.sendPasswordResets(at: now)
                },
                Periodic("sign-in-failures", every: SignInFailures.interval, clock: clock, logger: logger) { _ in
                    try await parts.writeSignInFailures()
                },
                Periodic("invitations", every: InvitationExpiry.interval, clock: clock, logger: logger) { now in
                    try await parts.expireInvitations(at: now)
                },
                Periodic("last-uses", every: IdentityParts.lastUsesInterval, clock: clock, logger: logger) { now in
                    try await parts.writeLastUses(at: now)
                },
                Periodic("erasures", every: Erasures.interval, clock: clock, logger: logger) { now in
                    try await parts.carryOutErasures(at: now)
                },
                Periodic("vault", every: Resealing.interval, clock: clock, logger: logger) { _ in
                    try (try await parts.resealIntegrationTokens()).check()
                },
                Periodic("sweep", every: IdentityParts.sweepInterval, clock: clock, logger: logger) { now in
                    try await parts.sweep(at: now)
                },
            ] + (try mail.work(on: parts.mails.tasks, in: environment))
        )
    }
}

extension IdentityOptions {
    static let settings: [Setting] =
        [
            Setting(
                "password.pepper",
                .text,
                secret: true,
                required: true,
                "Keys that passwords are mixed with, in hexadecimal: the current one first, old ones after it."
            ),
            Setting(
                "vault.keys",
                .text,
                secret: true,
                required: true,
                "Keys of the vault as name:hexadecimal, one on a line: the one that seals first, those that only open after it."
            ),
            Setting(
                "password.memory-kib",
                .number(64...1_048_576),
                default: "19456",
                "Memory that one password hash takes."
            ),
            Setting("password.iterations", .number(1...16), default: "2", "Passes over that memory."),
            Setting("session.access-seconds", .number(10...86_400), default: "600", "How long an access token lasts."),
            Setting(
                "session.refresh-seconds",
                .number(60...31_536_000),
                default: "2592000",
                "How long a session can be refreshed after its sign-in."
            ),
            Setting(
                "session.refresh-idle-seconds",
                .number(60...31_536_000),
                default: "604800",
                "How long a session may go without being refreshed."
            ),
            Setting(
                "session.browser-seconds",
                .number(60...31_536_000),
                default: String(SessionLifetime.browser.absoluteSeconds),
                "How long a browser's session in cookies lasts after its sign-in."
            ),
            Setting(
                "session.browser-idle-seconds",
                .number(60...31_536_000),
                default: String(SessionLifetime.browser.idleSeconds),
                "How long a browser's session may go without being refreshed."
            ),
            Setting(
                "throttle.address-attempts",
                .number(1...1_000_000),
                default: String(Throttle.addressAttemptsMax),
                "Wrong passwords from one network address in a quarter of an hour."
            ),
        ] + MailSettings.settings

    /// What peppers and keys must look like (that they are there at all is the setting's own business), and how mail is sent.
    @Sendable static func problems(in values: SettingValues) -> [String] {
        var problems = MailSettings.problems(in: values)
        if let text = values.string("password.pepper"), Peppers(text) == nil {
            problems.append(
                "--password-pepper: must be keys of at least \(Peppers.bytesMin) bytes each, in hexadecimal"
            )
        }
        if let text = values.string("vault.keys"), VaultKeyRing(text) == nil {
            problems.append("--vault-keys: must be \(VaultKeyRing.form)")
        }
        return problems
    }

    init(_ values: SettingValues) throws(ConfigurationErrors) {
        guard let peppers = values.string("password.pepper").flatMap({ Peppers($0) }),
            let vaultKeys = values.string("vault.keys").flatMap({ VaultKeyRing($0) })
        else { throw ConfigurationErrors(Self.problems(in: values)) }
        self.init(peppers: peppers, vaultKeys: vaultKeys)
        self.argonMemoryKiB = values.int("password.memory-kib") ?? self.argonMemoryKiB
        self.argonIterations = values.int("password.iterations") ?? self.argonIterations
        self.accessSeconds = values.int("session.access-seconds") ?? self.accessSeconds
        self.refreshSeconds = values.int("session.refresh-seconds") ?? self.refreshSeconds
        self.refreshIdleSeconds = values.int("session.refresh-idle-seconds") ?? self.refreshIdleSeconds
        self.browserSeconds = values.int("session.browser-seconds") ?? self.browserSeconds
        self.browserIdleSeconds = values.int("session.browser-idle-seconds") ?? self.browserIdleSeconds
        self.addressAttemptsMax = values.int("throttle.address-attempts") ?? self.addressAttemptsMax
    }
}
