internal import ArgumentParser
internal import Contracts
internal import Vocabulary

/// Loads the demo firm that `deploy/up` shows: small, the same every time, with every state of every machine in it.
struct Seed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the small demo firm: every state of every machine present, amounts adding up."
    )

    /// The firm's story begins so long ago, so that offers have expired and invoices are overdue today.
    static let ageDays = 60

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "E-mail address of the firm's owner.")
    var email: String

    @Option(help: "File with the owner's password.", completion: .file())
    var passwordFile: String

    func run() async throws {
        try await reportingFailures {
            let api = try self.connection.anonymousClient()
            let password = try Password.read(from: self.passwordFile)
            let now = Instant.system()
            let start = now.advanced(bySeconds: -Int64(Seed.ageDays) * 86_400)
            let profile = try await self.profile(password: password, start: start, by: api)
            try ProfileStore.standard.save(profile, as: "demo")
            let firm = Firm(
                api: api,
                keys: KeySequence(prefix: "demo-seed-1"),
                today: Zone.utc.date(at: now)
            )
            var seeding = Seeding(firm: firm, start: Zone.utc.date(at: start))
            try await seeding.play(advancingBy: Seed.ageDays)
            try await StateCensus.check(firm)
            await api.close()
        }
    }

    /// The owner's session: of a new firm, or of the firm that an interrupted seeding has begun.
    private func profile(password: String, start: Instant, by api: APIClient) async throws(CLIFailure) -> Profile {
        do throws(CLIFailure) {
            return try await Firm.signUp(
                "Northwind Advisory",
                owner: "Ada Byron",
                email: self.email,
                password: password,
                clockFrom: start,
                by: api
            )
        } catch  where error.kind == .refusedData {
            guard let profile = try? await Firm.signIn(email: self.email, password: password, by: api) else {
                // Signing up was refused for a reason of its own, not because the firm is there.
                throw error
            }
            return profile
        }
    }
}
