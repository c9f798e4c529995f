internal import Contracts
internal import Logging
internal import NIOCore
internal import Postgres
public import ServiceKit
internal import Telemetry
internal import Vocabulary

/// How a service sends mail: its settings, and what follows from them.
public struct MailSettings: Sendable {
    public let sender: MailAddress
    /// What the links in mails begin with.
    public let linkBase: String
    /// Mails are kept to be read instead of sent: for developers.
    public let hasMailbox: Bool
    private let smtp: SMTPConfiguration?

    /// The settings of a service that sends mail, each default in this one place.
    public static let settings: [Setting] = [
        Setting(
            "smtp.host",
            .text,
            "The mail server. Where there is none, mails wait until they are of no use any more."
        ),
        Setting("smtp.port", .number(1...65_535), default: "587", "Its port."),
        Setting(
            "smtp.encryption",
            .choice(SMTPConfiguration.Encryption.allCases.map(\.rawValue)),
            default: SMTPConfiguration.Encryption.starttls.rawValue,
            "STARTTLS, TLS from the first byte, or none."
        ),
        Setting("smtp.authority-file", .text, "PEM file with the authorities to believe instead of the system's."),
        Setting("smtp.user", .text, "Who signs in to the mail server."),
        Setting("smtp.password", .text, secret: true, "With which password."),
        Setting("mail.from", .text, default: "Throughline <no-reply@throughline.example>", "Who mails are from."),
        Setting("mail.link-base", .text, default: "http://127.0.0.1:8080", "What the links in mails begin with."),
        Setting(
            "mail.mailbox",
            .flag,
            default: "false",
            "Keep mails instead of sending them, for the gateway to show at /dev/mail. For developers only."
        ),
    ]

    private static let flag = "--smtp-authority-file"

    /// Everything that is wrong between them.
    public static func problems(in values: SettingValues) -> [String] {
        var problems: [String] = []
        if MailAddress(mailbox: values.string("mail.from") ?? "") == nil {
            problems.append("--mail-from: must be an address, or a name and an address in angle brackets")
        }
        if values.bool("mail.mailbox"), values.string("smtp.host") != nil {
            problems.append("--mail-mailbox: where there is a mail server, mails are sent")
        }
        if (values.string("smtp.user") == nil) != (values.string("smtp.password") == nil) {
            problems.append("--smtp-user: needs --smtp-password, and the other way round")
        }
        if let host = values.string("smtp.host"), values.string("smtp.user") != nil,
            values.string("smtp.encryption") == SMTPConfiguration.Encryption.none.rawValue,
            !Address(host: host, port: 0).isLoopback
        {
            problems.append("--smtp-encryption: a password is not sent over a network that anybody may read")
        }
        problems += ConfigurationErrors.problems { () throws(ConfigurationErrors) in _ = try Self.authorities(values) }
        return problems
    }

    private static func authorities(_ values: SettingValues) throws(ConfigurationErrors) -> [UInt8]? {
        guard let path = values.string("smtp.authority-file") else { return nil }
        return try KeyFile.text(path, of: Self.flag)
    }

    public init(_ values: SettingValues) throws(ConfigurationErrors) {
        guard let sender = MailAddress(mailbox: values.string("mail.from") ?? "") else {
            throw ConfigurationErrors(Self.problems(in: values))
        }
        self.sender = sender
        let base = values.string("mail.link-base") ?? ""
        self.linkBase = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.hasMailbox = values.bool("mail.mailbox")
        guard let host = values.string("smtp.host") else {
            self.smtp = nil
            return
        }
        var smtp = SMTPConfiguration(
            host: host,
            port: values.int("smtp.port") ?? 0,
            encryption: SMTPConfiguration.Encryption(rawValue: values.string("smtp.encryption") ?? "") ?? .starttls
        )
        if let user = values.string("smtp.user"), let password = values.string("smtp.password") {
            smtp.credentials = SMTPConfiguration.Credentials(user: user, password: password)
        }
        smtp.authorities = try Self.authorities(values)
        self.smtp = smtp
    }

    /// Where mails go: to the mail server, or nowhere but to the mailbox; `nil` where there is neither, and they wait.
    func transport(_ group: any EventLoopGroup) throws -> MailSender.Transport? {
        if let smtp = self.smtp {
            let client = try SMTPClient(smtp, group: group)
            return { await client.send($0) }
        }
        guard self.hasMailbox else { return nil }
        return { @Sendable mails async in mails.map { _ in .accepted } }
    }
}

extension MailSettings {
    private static let sendingInterval: Duration = .seconds(1)
    private static let sweepInterval: Duration = .seconds(3_600)
    /// How long a scrape waits for the count of waiting mails; after that it has the last one.
    private static let countSecondsMax: Int64 = 1

    /// The work of sending, for a service's background.
    public func work(on tasks: MailTasks, in environment: ServiceEnvironment) throws -> [Periodic] {
        let (clock, logger) = (environment.clock, environment.makeLogger("mail"))
        let metrics = MailMetrics(environment.metrics.registry)
        environment.metrics.registry.beforeScrape(inquiring: {
            do throws(SQLFault) {
                let now = clock.now()
                metrics.set(try await tasks.backlog(at: now, deadline: now.advanced(bySeconds: Self.countSecondsMax)))
            } catch {
                logger.notice("waiting mails could not be counted", metadata: ["error": "\(error)"])
            }
        })
        let sweep = Periodic("mail-sweep", every: Self.sweepInterval, clock: clock, logger: logger) { now in
            metrics.countExpired(try await tasks.expire(at: now))
            try await tasks.sweep(at: now)
        }
        guard let transport = try self.transport(environment.group) else {
            logger.warning(
                "there is no mail server (--smtp-host): mails wait, and end when they are of no use any more"
            )
            return [sweep]
        }
        let sender = MailSender(
            tasks,
            from: self.sender,
            clock: clock,
            metrics: metrics,
            report: { report in
                logger.log(
                    level: report.isFinal ? .error : .warning,
                    "a mail was not sent",
                    metadata: [
                        "mail": "\(report.task)", "kind": "\(report.kind)", "reason": "\(report.reason)",
                        "again": "\(!report.isFinal)",
                    ]
                )
            },
            transport
        )
        let sending = Periodic("mail", every: Self.sendingInterval, clock: clock, logger: logger) { _ in
            try await sender.turn()
        }
        return [sending, sweep]
    }
}
