internal import ArgumentParser
internal import Contracts
internal import Vocabulary

/// Loads the demo firm that `deploy/up` shows: small, the same every time, with every state of every machine in it.
struct Seed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the small demo firm: every state of every machine present, amounts adding up."
    )

    /// The firm begins where the day ends last and moves to where it begins first, 25 hours ahead: what was open until the end
    /// of today has expired then, without a clock of its own and through the public API alone. Then it comes home.
    static let zones = (first: "Pacific/Pago_Pago", later: "Pacific/Kiritimati", home: "Europe/Berlin")

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "E-mail address of the firm's owner.")
    var email: String

    @Option(help: "File with the owner's password.", completion: .file())
    var passwordFile: String

    func run() async throws {
        try await reportingFailures {
            let api = try self.connection.anonymousClient()
            let password = try Password.read(from: self.passwordFile)
            let profile = try await self.profile(password: password, by: api)
            try ProfileStore.standard.save(profile, as: "demo")
            let firm = Firm(api: api, keys: KeySequence(prefix: "demo-seed-1"), today: try await Seed.firstDay(of: api))
            var seeding = Seeding(firm: firm)
            try await seeding.play()
            Terminal.line("What has expired or is overdue is noticed within a minute:")
            try await StateCensus.check(firm)
            try await firm.move(to: Seed.zones.home)
            await api.close()
        }
    }

    /// The owner's session: in the firm that an earlier seeding has begun, or in a new one.
    private func profile(password: String, by api: APIClient) async throws(CLIFailure) -> Profile {
        do throws(CLIFailure) {
            return try await Firm.signIn(email: self.email, password: password, by: api)
        } catch  where error.kind == .notPermitted {
            return try await Firm.signUp(
                "Northwind Advisory",
                owner: "Ada Byron",
                email: self.email,
                password: password,
                timeZone: Seed.zones.first,
                by: api
            )
        }
    }

    /// The day on which the firm signed up, where it then was: seeding that goes on tomorrow repeats the same requests.
    private static func firstDay(of api: APIClient) async throws(CLIFailure) -> LocalDate {
        let organization = try await api.get("/v1/organization")
        guard let since = Instant(try organization.text("created_at", of: "the organization")) else {
            throw CLIFailure(.failure, "the organization's created_at is no instant")
        }
        guard let zone = Zone(Seed.zones.first) else {
            throw CLIFailure(.failure, "this machine does not know the time zone \(Seed.zones.first)")
        }
        return zone.date(at: since)
    }
}
