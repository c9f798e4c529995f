internal import ArgumentParser
internal import Contracts
internal import HTTP2
internal import Vocabulary

/// What the load asks for. A peer serves the same paths, so that one program drives both.
enum RequestKind: String, ExpressibleByArgument {
    case get, list, create
    /// A deal to the place behind another on a board of a thousand.
    case move
    /// The first page of a deal's activity.
    case activity
    /// A few letters of one of the names of `rows/search.sql`.
    case search
    /// Lead to cash as the Go service has it: seven requests, one after the other.
    case story
}

/// Whose rows are read: the organizations and deals that `rows.py` has loaded, whose ids and tokens follow from their numbers.
struct LoadedRows: ParsableArguments {
    /// Tells one set of organizations from another in the same installation.
    @Option var family = 0
    @Option var organizations = 1_000
    @Option var deals = 1_000_000
    /// How many of the organizations send requests, spread evenly over all of them.
    @Option var callers = 16

    func validate() throws {
        guard (1...self.organizations).contains(self.callers), self.deals >= self.organizations else {
            throw ValidationError("there are at least as many deals as organizations, and as many of those as callers")
        }
    }

    /// The organization of a caller. Who creates or moves is in one with an odd number, and with the usual numbers of callers who reads is in an
    /// even one: what is read stays as it was loaded, however often rows were created before, as it does for the peers.
    func organization(_ caller: Int, for kind: RequestKind) -> Int {
        let number = caller * (self.organizations / self.callers)
        return kind == .create || kind == .move ? number | 1 : number
    }

    func organizationID(_ number: Int) -> Identifier {
        Identifier(high: 0x4000, low: 0x9000_0000_0000_0000 | UInt64(self.family) << 48 | UInt64(number))
    }

    /// One of the deals of an organization; `pick` is any number.
    func dealID(of organization: Int, _ pick: Int) -> Identifier {
        let number = pick % (self.deals / self.organizations) * self.organizations + organization
        return Identifier(high: 0x4000, low: 0x8000_0000_0000_0000 | UInt64(self.family) << 48 | UInt64(number))
    }

    /// What the session's token reads, which is no secret in a stack of a benchmark's own.
    func token(_ number: Int) -> String {
        "st_bench______" + self.organizationID(number).description.filter { $0 != "-" }
    }
}

/// Sends requests of one kind as their callers in turn, over a few connections.
struct RequestMix: Sendable {
    /// How a request ended.
    enum Outcome: Sendable {
        case answered
        /// Refused for the time being: 429 or 503, with or without the field that says when to come again.
        case refused(saysWhen: Bool)
        case failed(String)
    }

    private struct Caller {
        let organization: Int
        let fields: [HTTPField]
    }

    /// A stride that shares no factor with the usual numbers of rows visits them out of order.
    static let stride = 7_919

    private let kind: RequestKind
    private let rows: LoadedRows
    private let callers: [Caller]
    private let clients: [any LoadClient]

    init(_ kind: RequestKind, _ rows: LoadedRows, over clients: [any LoadClient]) {
        self.kind = kind
        self.rows = rows
        self.clients = clients
        self.callers = (0..<rows.callers).map { index in
            let organization = rows.organization(index, for: kind)
            return Caller(
                organization: organization,
                fields: [
                    HTTPField("authorization", "Bearer " + rows.token(organization)),
                    HTTPField("accept", "application/json"),
                    // Believed by the peers, which ask for no credential.
                    HTTPField("x-organization", rows.organizationID(organization).description),
                ]
            )
        }
    }

    /// Sends the request with this number, on a worker's own connection where there are workers, and waits for its answer.
    func send(_ number: Int, worker: Int? = nil) async -> Outcome {
        let client = self.clients[(worker ?? number) % self.clients.count]
        let caller = self.callers[number % self.callers.count]
        do {
            let response = try await self.respond(number, caller, client)
            switch response.status {
            case 200, 201: return .answered
            case 429, 503: return .refused(saysWhen: response.first("retry-after") != nil)
            default:
                return .failed(
                    "\(self.kind) answered \(response.status): \(String(decoding: response.body, as: UTF8.self))"
                )
            }
        } catch {
            return .failed("\(error)")
        }
    }

    private static let steps = ["company", "deal", "proposal", "contract", "project", "invoice", "payment"]
    private static let jsonBody = HTTPField("content-type", "application/json")

    private func respond(_ number: Int, _ caller: Caller, _ client: any LoadClient) async throws -> HTTPResponse {
        switch self.kind {
        case .get:
            let id = self.rows.dealID(of: caller.organization, number / self.callers.count * Self.stride)
            return try await client.respond("GET", "/v1/deals/\(id)", caller.fields, [])
        case .list:
            return try await client.respond("GET", "/v1/deals?limit=50", caller.fields, [])
        case .activity:
            let id = self.rows.dealID(of: caller.organization, number / self.callers.count * Self.stride)
            return try await client.respond("GET", "/v1/activity?entity_id=\(id)", caller.fields, [])
        case .search:
            let text = SearchedNames.query(number).replacing(" ", with: "%20")
            return try await client.respond("GET", "/v1/search?q=\(text)", caller.fields, [])
        case .create:
            let body: JSON = ["name": .string("Bench deal \(number)"), "amount_minor": 100_000, "currency": "USD"]
            let fields = [Self.jsonBody, HTTPField("idempotency-key", Identifier.random().description)]
            return try await client.respond("POST", "/v1/deals", caller.fields + fields, body.bytes)
        case .move:
            let pick = number / self.callers.count * Self.stride
            let id = self.rows.dealID(of: caller.organization, pick)
            let body: JSON = ["after_id": .string(self.rows.dealID(of: caller.organization, pick + 1).description)]
            return try await client.respond(
                "POST",
                "/v1/deals/\(id)/move",
                caller.fields + [Self.jsonBody],
                body.bytes
            )
        case .story:
            let body: JSON = ["name": .string("Bench \(number)"), "actor": "u"]
            var last = HTTPResponse(status: 0)
            for step in Self.steps {
                last = try await client.respond(
                    "POST",
                    "/v1/steps/" + step,
                    caller.fields + [Self.jsonBody],
                    body.bytes
                )
                guard last.status == 201 else { break }
            }
            return last
        }
    }
}
