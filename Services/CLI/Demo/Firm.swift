internal import Contracts
internal import HTTP2
internal import Synchronization
internal import Vocabulary

/// An organization in which a demo acts: the acts of the story, one call each, named as the business names them.
///
/// Its keys make every act repeatable: with a seed, the same demo run again finds its first run's answers.
struct Firm: Sendable {
    let api: APIClient
    let keys: KeySequence
    let today: LocalDate

    /// Signs a new organization up and goes on as its owner.
    static func signUp(
        _ name: String,
        owner: String,
        email: String,
        password: String,
        timeZone: String = "Europe/Berlin",
        by api: APIClient
    ) async throws(CLIFailure) -> Profile {
        let body: JSON = [
            "organization_name": .string(name), "name": .string(owner), "email": .string(email),
            "password": .string(password), "time_zone": .string(timeZone), "currency": "USD",
        ]
        return try Firm.adopt(try await api.post("/v1/signup", body), by: api)
    }

    static func signIn(email: String, password: String, by api: APIClient) async throws(CLIFailure) -> Profile {
        let answer = try await api.post("/v1/sessions", ["email": .string(email), "password": .string(password)])
        return try Firm.adopt(answer, by: api)
    }

    private static func adopt(_ answer: JSON, by api: APIClient) throws(CLIFailure) -> Profile {
        guard let profile = Profile(url: api.endpoint.description, answer: answer) else {
            throw CLIFailure(.failure, "the answer holds no session")
        }
        api.token = profile.accessToken
        return profile
    }

    /// A write under the next key.
    func post(_ path: String, _ body: JSON = .object([:])) async throws(CLIFailure) -> JSON {
        try await self.api.post(path, body, key: self.keys.next())
    }

    /// Creates a record and gives its id.
    func create(_ path: String, _ body: JSON) async throws(CLIFailure) -> String {
        try await self.post(path, body).id(of: path)
    }

    /// Moves the firm to another time zone, and so its today; nothing happens where it is there already.
    func move(to zone: String) async throws(CLIFailure) {
        let organization = try await self.api.get("/v1/organization")
        guard organization["time_zone"]?.string != zone, let version = organization["version"]?.int64 else {
            return
        }
        _ = try await self.api.call(
            "PATCH",
            "/v1/organization",
            body: ["time_zone": .string(zone)],
            fields: [HTTPField("if-match", "\"\(version)\"")]
        )
    }

    /// Reads until there is what another service makes in answer to an event.
    func wait<Found: Sendable>(
        for what: String,
        upTo limit: Duration = .seconds(60),
        every pause: Duration = .milliseconds(10),
        _ look: () async throws(CLIFailure) -> Found?
    ) async throws(CLIFailure) -> Found {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            if let found = try await look() {
                return found
            }
            guard clock.now < end, (try? await clock.sleep(for: pause)) != nil else {
                throw CLIFailure(.failure, "\(what) did not come within \(limit)")
            }
        }
    }

    /// The one row of a list that an event consumer makes.
    func waitForRow(_ what: String, _ path: String) async throws(CLIFailure) -> JSON {
        try await self.wait(for: what) { () async throws(CLIFailure) -> JSON? in
            try await self.api.get(path)["data"]?.array?.first
        }
    }
}

/// Idempotency keys: random for a story told once, numbered for one that may be told again.
final class KeySequence: Sendable {
    private let prefix: String?
    private let last = Mutex(0)

    init(prefix: String? = nil) {
        self.prefix = prefix
    }

    func next() -> String {
        guard let prefix else {
            return Identifier.random().description
        }
        return "\(prefix)-\(self.number())"
    }

    /// 1, 2, 3 … whoever asks.
    func number() -> Int {
        self.last.withLock { last in
            last += 1
            return last
        }
    }
}

extension JSON {
    /// The id of a record that was just made.
    func id(of what: String) throws(CLIFailure) -> String {
        try self.text("id", of: what)
    }

    /// A member that the API promises.
    func text(_ name: String, of what: String) throws(CLIFailure) -> String {
        guard let text = self[name]?.string else {
            throw CLIFailure(.failure, "the answer of \(what) has no \(name)")
        }
        return text
    }

    /// A date that bills.
    static func date(_ date: LocalDate) -> JSON {
        .string(date.description)
    }
}
