internal import Contracts
internal import IdentityDomain
internal import Mail
public import Resources
public import Vocabulary

/// How this service treats passwords and sessions.
public struct IdentityOptions: Sendable {
    public var peppers: Peppers
    public var vaultKeys: VaultKeyRing
    public var argonMemoryKiB = 19_456
    public var argonIterations = 2
    public var accessSeconds = 600
    public var refreshSeconds = 30 * 86_400
    public var refreshIdleSeconds = 7 * 86_400
    /// Of a session that a browser holds in cookies.
    public var browserSeconds = Int(SessionLifetime.browser.absoluteSeconds)
    public var browserIdleSeconds = Int(SessionLifetime.browser.idleSeconds)
    /// Password attempts from one network address in a quarter of an hour.
    public var addressAttemptsMax = Int(Throttle.addressAttemptsMax)
    public var random: RandomBytes = systemRandomBytes
    /// The machine's, where a call's own context does not say.
    public var clock = WallClock.system
    /// What the links in mails begin with.
    public var linkBase = "http://127.0.0.1:8080"
    /// Whether sent mails can still be read, where a developer has no mail server.
    public var keepsMails = false

    public init(peppers: Peppers, vaultKeys: VaultKeyRing) {
        self.peppers = peppers
        self.vaultKeys = vaultKeys
    }
}

/// What the handlers of this service share, and the work it does by itself.
public struct IdentityParts: Sendable {
    let persistence: Persistence
    let organizations = ResourceStore(.organization)
    let members = ResourceStore(.member)
    let apiKeys = ResourceStore(.apiKey)
    let invitations = ResourceStore(.invitation)
    let integrationTokens = ResourceStore(.integrationToken)
    let vaultKeys: VaultKeyRing
    let sessions: Sessions
    let crossTenant: CrossTenant
    let hasher: PasswordHasher
    let throttle: Throttle
    let secondFactors: SecondFactors
    let revocations: Revocations
    let lastUses = LastUses()
    let keyNetworks = KeyNetworks()
    let mails: Mails
    let random: RandomBytes

    public init(_ persistence: Persistence, _ options: IdentityOptions) throws {
        self.persistence = persistence.witnessed(by: SecurityEvents.witness)
        self.random = options.random
        self.crossTenant = CrossTenant(persistence.database)
        self.vaultKeys = options.vaultKeys
        self.mails = Mails(
            tasks: MailTasks(
                persistence.database,
                seal: MailSeal(keys: options.peppers.keys(for: "mails that wait")),
                keepsContent: options.keepsMails
            ),
            linkBase: options.linkBase
        )
        self.revocations = Revocations(self.crossTenant, options.clock)
        self.hasher = try PasswordHasher(
            peppers: options.peppers,
            cost: Argon2.Cost(memoryKiB: UInt32(options.argonMemoryKiB), iterations: UInt32(options.argonIterations)),
            random: options.random
        )
        self.secondFactors = SecondFactors(
            self.crossTenant,
            self.hasher,
            keys: options.peppers.keys(for: "secrets of second factors"),
            options.random
        )
        self.throttle = Throttle(
            crossTenant: self.crossTenant,
            hasher: self.hasher,
            addressAttemptsMax: Int64(options.addressAttemptsMax)
        )
        self.sessions = Sessions(
            lifetimes: SessionLifetimes(
                program: SessionLifetime(
                    absoluteSeconds: Int64(options.refreshSeconds),
                    idleSeconds: Int64(options.refreshIdleSeconds)
                ),
                browser: SessionLifetime(
                    absoluteSeconds: Int64(options.browserSeconds),
                    idleSeconds: Int64(options.browserIdleSeconds)
                )
            ),
            accessSeconds: Int64(options.accessSeconds),
            revocations: self.revocations,
            random: options.random
        )
    }

    // MARK: - Work by itself

    /// How often other processes' revocations are looked for.
    public static let revocationPoll: Duration = .milliseconds(200)
    public static let lastUsesInterval: Duration = .seconds(10)
    public static let sweepInterval: Duration = .seconds(300)

    public func pollRevocations(at now: Instant) async throws { try await self.revocations.poll(at: now) }
    public func writeLastUses(at now: Instant) async throws {
        try await self.lastUses.write(at: now, by: self.crossTenant)
        try await self.keyNetworks.write(at: now, by: self.crossTenant)
    }

    /// Writes the mails for those who have asked for a new password; answers how many.
    @discardableResult
    public func sendPasswordResets(at now: Instant) async throws -> Int {
        try await PasswordResets(parts: self).send(at: now)
    }

    /// Writes down whose sign-ins have failed; answers how many.
    @discardableResult
    public func writeSignInFailures() async throws -> Int {
        try await SignInFailures(crossTenant: self.crossTenant).write()
    }

    /// Writes down which invitations were not accepted in their time; answers how many.
    @discardableResult
    public func expireInvitations(at now: Instant) async throws -> Int {
        try await InvitationExpiry(parts: self).sweep(at: now)
    }

    /// Forgets those who have asked for it and whose time has come; answers how many.
    @discardableResult
    public func carryOutErasures(at now: Instant) async throws -> Int { try await Erasures(parts: self).run(at: now) }

    /// Seals the tokens of the vault anew that an older key has sealed.
    public func resealIntegrationTokens() async throws -> ResealedTokens { try await Resealing(parts: self).run() }

    /// Deletes what has served its purpose; answers how many rows.
    @discardableResult
    public func sweep(at now: Instant) async throws -> Int { try await self.crossTenant.sweep(at: now) }
}

extension Actor {
    /// Who does what nobody has asked for: this service.
    static let identity = Actor(kind: .system, id: Identifier(high: 0x7000, low: 0x8000_0000_0000_0001))
}
