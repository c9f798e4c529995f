internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Synchronization
internal import Vocabulary

/// The public API as one caller sees it, over one HTTP/2 connection that is made again when it has ended.
///
/// A call that may safely be sent twice (a read, or a write under its idempotency key) is repeated while the server is
/// away or says 503, so that a story in progress survives the restart of any process behind it.
final class APIClient: Sendable {
    /// How long a call is repeated before its failure counts.
    static let patienceDefault = Duration.seconds(60)
    static let pauseMax = Duration.milliseconds(500)
    static let requestTimeout = TimeAmount.seconds(30)

    let endpoint: Endpoint
    let security: HTTPClientSecurity
    let patience: Duration
    private let state: Mutex<State>

    private let refresh: Refresh?

    private struct State {
        var connection: HTTPClient?
        var token: String?
    }

    init(
        endpoint: Endpoint,
        security: HTTPClientSecurity,
        token: String? = nil,
        patience: Duration = APIClient.patienceDefault,
        refresh: Refresh? = nil
    ) {
        self.refresh = refresh
        self.endpoint = endpoint
        self.security = endpoint.isSecure ? security : .cleartext
        self.patience = patience
        self.state = Mutex(State(connection: nil, token: token))
    }

    var token: String? {
        get { self.state.withLock { $0.token } }
        set { self.state.withLock { $0.token = newValue } }
    }

    func close() async {
        let connection = self.state.withLock { $0.connection.take() }
        await connection?.close()
    }

    // MARK: - Calls

    func get(_ path: String) async throws(CLIFailure) -> JSON {
        try await self.call("GET", path)
    }

    /// A POST under an idempotency key: the caller's, where the same call may come again from another run.
    ///
    /// Operations whose answers hold secrets take none. The server says so before it does anything, and the call is made without:
    /// so the client names no operation, and knows those of tomorrow.
    func post(_ path: String, _ body: JSON = .object([:]), key: String? = nil) async throws(CLIFailure) -> JSON {
        let field = HTTPField("idempotency-key", key ?? Identifier.random().description)
        do throws(CLIFailure) {
            return try await self.call("POST", path, body: body, fields: [field])
        } catch  where key == nil && error.refuses(header: field.name) {
            return try await self.call("POST", path, body: body)
        }
    }

    /// Sends a call until it has an answer; an answer other than success is thrown with its problems.
    func call(
        _ method: String,
        _ path: String,
        body: JSON? = nil,
        fields: [HTTPField] = []
    ) async throws(CLIFailure) -> JSON {
        var response = try await self.send(method, path, body: body?.bytes ?? [], fields: fields)
        if response.status == 401, let renewed = try await self.renewedToken(for: path) {
            self.token = renewed
            response = try await self.send(method, path, body: body?.bytes ?? [], fields: fields)
        }
        guard (200..<300).contains(response.status) else {
            throw CLIFailure(method, path, problem: response)
        }
        guard !response.body.isEmpty else {
            return .null
        }
        do {
            return try JSON(parsing: response.body)
        } catch {
            throw CLIFailure(.failure, "\(method) \(path): the answer is not JSON: \(error)")
        }
    }

    private func send(
        _ method: String,
        _ path: String,
        body: [UInt8],
        fields: [HTTPField]
    ) async throws(CLIFailure) -> HTTPResponse {
        let mayRepeat = method == "GET" || fields.first("idempotency-key") != nil
        let clock = ContinuousClock()
        let end = clock.now + self.patience
        var pause = Duration.milliseconds(20)
        while true {
            let last: CLIFailure
            do {
                let kind = method == "PATCH" ? "application/merge-patch+json" : "application/json"
                let response = try await self.connected().request(
                    method: method,
                    path: path,
                    fields: self.fields(with: body.isEmpty ? fields : fields + [HTTPField("content-type", kind)]),
                    body: body,
                    timeout: APIClient.requestTimeout
                )
                guard mayRepeat, response.status == 503 || response.status == 504 || response.status == 429 else {
                    return response
                }
                // A server that says when to come again is believed.
                if let seconds = response.fields.first("retry-after").flatMap({ Int64($0) }) {
                    pause = max(pause, .seconds(seconds))
                }
                last = CLIFailure(method, path, problem: response)
            } catch let fault as HTTPClientFault {
                last = CLIFailure(fault, url: self.endpoint.description)
                guard mayRepeat || fault.isUnprocessed else {
                    throw last
                }
            } catch {
                last = CLIFailure(error, url: self.endpoint.description)
            }
            guard clock.now + pause < end, (try? await clock.sleep(for: pause)) != nil else {
                throw last
            }
            pause = min(pause * 2, APIClient.pauseMax)
        }
    }

    private func renewedToken(for path: String) async throws(CLIFailure) -> String? {
        guard let refresh, path != "/v1/sessions/refresh" else {
            return nil
        }
        return try await refresh.renewed(by: self)
    }

    /// Opens a response that is read as it comes, such as the event stream.
    func stream(_ path: String, fields: [HTTPField] = []) async throws(CLIFailure) -> HTTPStreamingResponse {
        do {
            let connection = try await self.connected()
            return try await connection.stream(method: "GET", path: path, fields: self.fields(with: fields))
        } catch {
            throw CLIFailure(error, url: self.endpoint.description)
        }
    }

    // MARK: - Connection

    private func fields(with more: [HTTPField]) -> [HTTPField] {
        var fields = [HTTPField("accept", "application/json"), HTTPField("user-agent", "throughline-cli")]
        if let token = self.token {
            fields.append(HTTPField("authorization", "Bearer \(token)"))
        }
        return fields.filter { more.first($0.name) == nil } + more
    }

    private func connected() async throws -> HTTPClient {
        if let connection = self.state.withLock({ $0.connection }), connection.isOpen {
            return connection
        }
        let connection = try await HTTPClient.connect(
            host: self.endpoint.host,
            port: self.endpoint.port,
            security: self.security
        )
        // Two calls may have connected at the same time: both connections work, and the later one is kept.
        self.state.withLock { $0.connection = connection }
        return connection
    }
}
