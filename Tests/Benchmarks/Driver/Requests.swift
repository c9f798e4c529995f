internal import ArgumentParser
internal import Contracts
internal import HTTP2
internal import NIOPosix
internal import Vocabulary

/// `get`, `list-50` and `create`: requests through the gateway as clients make them, spread over a few connections.
struct RequestLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Load the HTTP API.")

    static let connections = 4

    enum Kind: String, ExpressibleByArgument {
        case get, list, create
    }

    @Argument var kind: Kind
    @Option var host = "127.0.0.1"
    @Option var port: Int
    /// One or several; the workers share them out, as an installation's load comes from many firms.
    @Option var token: [String]
    @Option var count = 20_000
    @Option var concurrency = 16

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var clients: [HTTPClient] = []
        for _ in 0..<RequestLoad.connections {
            clients.append(try await HTTPClient.connect(host: self.host, port: self.port, group: group))
        }
        let connections = clients
        let callers = self.token.map {
            [HTTPField("authorization", "Bearer \($0)"), HTTPField("accept", "application/json")]
        }
        let kind = self.kind
        var known: [[String]] = []
        for fields in callers where kind == .get {
            known.append(try await RequestLoad.ids(by: connections[0], fields))
        }
        let ids = known
        let next = Counter(0)
        let sample = try await Sample.measure(count: self.count, concurrency: self.concurrency) { worker in
            let client = connections[worker % connections.count]
            let fields = callers[worker % callers.count]
            let response: HTTPResponse
            switch kind {
            case .get:
                let own = ids[worker % ids.count]
                let id = own[next.next() % own.count]
                response = try await client.request(method: "GET", path: "/v1/deals/\(id)", fields: fields)
            case .list:
                response = try await client.request(method: "GET", path: "/v1/deals?limit=50", fields: fields)
            case .create:
                let number = next.next()
                let body: JSON = ["name": .string("Bench deal \(number)"), "amount_minor": 100_000, "currency": "USD"]
                let more = [
                    HTTPField("content-type", "application/json"),
                    HTTPField("idempotency-key", Identifier.random().description),
                ]
                response = try await client.request(
                    method: "POST",
                    path: "/v1/deals",
                    fields: fields + more,
                    body: body.bytes
                )
            }
            guard response.status == 200 || response.status == 201 else {
                throw ValidationError(
                    "\(kind) answered \(response.status): \(String(decoding: response.body, as: UTF8.self))"
                )
            }
        }
        sample.report()
        for connection in connections {
            await connection.close()
        }
    }

    /// The ids to read: a page of deals that `bench.py` has created.
    private static func ids(by client: HTTPClient, _ fields: [HTTPField]) async throws -> [String] {
        let response = try await client.request(method: "GET", path: "/v1/deals?limit=200", fields: fields)
        let ids = try JSON(parsing: response.body)["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        guard !ids.isEmpty else {
            throw ValidationError("there are no deals to read (\(response.status))")
        }
        return ids
    }
}
