internal import HTTP2
internal import NIOCore
internal import NIOPosix

/// A server on a free loopback port, and what a test needs to reach it.
struct LiveServer {
    let server: HTTPServer
    let port: Int
    let securePort: Int

    /// Runs `body` against a server and stops it, whatever happens.
    static func with<R>(
        _ handler: any HTTPHandler = Answering(),
        limits: HTTPLimits = HTTPLimits(),
        tls: HTTPServerTLS? = nil,
        _ body: (LiveServer) async throws -> R
    ) async throws -> R {
        let here = HTTPServerConfiguration.Address(host: "127.0.0.1", port: 0)
        let configuration = HTTPServerConfiguration(
            cleartext: [here],
            secure: tls == nil ? [] : [here],
            tls: tls,
            limits: limits
        )
        let server = HTTPServer(
            configuration: configuration,
            group: MultiThreadedEventLoopGroup.singleton,
            handler: handler
        )
        let bound = try await server.start()
        let live = LiveServer(
            server: server,
            port: bound.cleartext.first?.port ?? 0,
            securePort: bound.secure.first?.port ?? 0
        )
        do {
            let result = try await body(live)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Runs `body` with a client of this server, and closes it.
    func client<R>(
        security: HTTPClientSecurity = .cleartext,
        streamWindowBytes: Int = HTTPClient.streamWindowBytesDefault,
        _ body: (HTTPClient) async throws -> R
    ) async throws -> R {
        let client = try await HTTPClient.connect(
            host: "127.0.0.1",
            port: security == .cleartext ? self.port : self.securePort,
            security: security,
            streamWindowBytes: streamWindowBytes
        )
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}

/// Answers with the request's body, or with as many bytes as the target says: `/bytes/1000000`.
struct Echoing: HTTPHandler {
    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let count = Int(request.target.split(separator: "/").last ?? "")
        let body = count.map { Self.pattern($0) } ?? request.body
        responder.send(status: 200, fields: [], body: body)
    }

    static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }
}
