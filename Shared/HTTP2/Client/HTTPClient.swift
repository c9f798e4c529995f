public import NIOCore
public import NIOPosix
internal import NIOSSL

/// One HTTP/2 connection, on which any number of requests run at a time.
///
/// It does not reconnect: when `isOpen` is false, connect again. `HTTPClientFault.isUnprocessed` says whether a failed
/// request may be repeated whatever its method.
public final class HTTPClient: Sendable {
    /// Flow-control window of a response stream, by default.
    public static let streamWindowBytesDefault = 1_024 * 1_024
    /// The connection's window is opened as bytes arrive; it only has to cover the way there and back.
    private static let connectionWindowBytes = 16 * 1_024 * 1_024
    private static let headerListBytesMax = 64 * 1_024

    private let channel: any Channel
    private let handler: NIOLoopBound<HTTPClientHandler>
    private let status: HTTPClientHandler.Status
    private let authority: HTTPField
    private let scheme: HTTPField

    private init(
        channel: any Channel,
        handler: NIOLoopBound<HTTPClientHandler>,
        status: HTTPClientHandler.Status,
        authority: String,
        scheme: String
    ) {
        self.channel = channel
        self.handler = handler
        self.status = status
        self.authority = HTTPField(":authority", authority)
        self.scheme = HTTPField(":scheme", scheme)
    }

    deinit {
        self.channel.close(promise: nil)
    }

    /// Connects, and waits for TLS where asked for. `serverName` is the name to verify, by default `host`.
    public static func connect(
        host: String,
        port: Int,
        security: HTTPClientSecurity = .cleartext,
        serverName: String? = nil,
        timeout: TimeAmount = .seconds(5),
        streamWindowBytes: Int = HTTPClient.streamWindowBytesDefault,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> HTTPClient {
        let tls = try Self.tlsContext(security)
        let loop = group.next()
        let ready = loop.makePromise(of: Void.self)
        let isTLS = security != .cleartext
        let settings = Session.Settings(
            streamsMax: 0,
            headerListBytesMax: Self.headerListBytesMax,
            streamWindowBytes: streamWindowBytes,
            connectionWindowBytes: Self.connectionWindowBytes
        )
        let name = serverName ?? (Self.isAddress(host) ? nil : host)
        let bound = loop.submit {
            NIOLoopBound(HTTPClientHandler(settings, isTLS: isTLS, ready: ready), eventLoop: loop)
        }
        let handler: NIOLoopBound<HTTPClientHandler> = try await bound.get()
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name)) }
                    try pipeline.addHandler(handler.value)
                }
            }
        do {
            let channel = try await bootstrap.connect(host: host, port: port).get()
            let deadline = loop.scheduleTask(in: timeout) {
                handler.value.fail(HTTPClientFault(.timeout, "no HTTP/2 connection within \(timeout)"))
            }
            defer { deadline.cancel() }
            try await ready.futureResult.get()
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(serverName ?? host):\(port)"
            return HTTPClient(
                channel: channel,
                handler: handler,
                status: try await loop.submit { handler.value.status }.get(),
                authority: authority,
                scheme: isTLS ? "https" : "http"
            )
        } catch {
            ready.fail(error)
            throw error as? HTTPClientFault ?? HTTPClientFault(.connection, "\(error)", isUnprocessed: true)
        }
    }

    /// False once the connection is closed or the server has said GOAWAY: connect again.
    public var isOpen: Bool { self.status.isOpen }

    /// The whole response. A `timeout` covers everything up to its last byte.
    public func request(
        method: String,
        path: String,
        fields: [HTTPField] = [],
        body: [UInt8] = [],
        responseBytesMax: Int = 64 * 1_024 * 1_024,
        timeout: TimeAmount? = nil
    ) async throws -> HTTPResponse {
        let response = try await self.begin(method, path, fields, body, timeout)
        var whole: [UInt8] = []
        for try await piece in response.body {
            guard whole.count + piece.count <= responseBytesMax else {
                throw HTTPClientFault(.tooLarge, "the response is longer than \(responseBytesMax) bytes")
            }
            whole.append(contentsOf: piece)
        }
        return HTTPResponse(status: response.status, fields: response.fields, body: whole)
    }

    /// The response as it comes, for server-sent events and large bodies.
    public func stream(
        method: String,
        path: String,
        fields: [HTTPField] = [],
        body: [UInt8] = []
    ) async throws -> HTTPStreamingResponse {
        try await self.begin(method, path, fields, body, nil)
    }

    /// Says GOAWAY and closes; what still runs fails.
    public func close() async {
        let handler = self.handler
        self.channel.eventLoop.execute { handler.value.shutdown() }
        try? await self.channel.closeFuture.get()
    }

    private func begin(
        _ method: String,
        _ path: String,
        _ fields: [HTTPField],
        _ body: [UInt8],
        _ timeout: TimeAmount?
    ) async throws -> HTTPStreamingResponse {
        let promise = self.channel.eventLoop.makePromise(of: HTTPStreamingResponse.self)
        let pseudoFields = [HTTPField(":method", method), self.scheme, self.authority, HTTPField(":path", path)]
        var fields = fields
        if !body.isEmpty, fields.first("content-length") == nil {
            fields.append(HTTPField("content-length", String(body.count)))
        }
        self.channel.eventLoop.execute { [handler, fields] in
            handler.value.request(
                pseudoFields: pseudoFields,
                fields: fields,
                body: body,
                timeout: timeout,
                promise: promise
            )
        }
        return try await promise.futureResult.get()
    }

    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    private static func tlsContext(_ security: HTTPClientSecurity) throws -> NIOSSLContext? {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2"]
        switch security {
        case .cleartext: return nil
        case .systemRoots: break
        case .trustRoots(let pemFile): configuration.trustRoots = .file(pemFile)
        case .insecure: configuration.certificateVerification = .none
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
