internal import HTTP2
internal import NIOCore
internal import NIOPosix
internal import TestKit
internal import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    private static let quick: HTTPLimits = {
        var limits = HTTPLimits()
        limits.drainNoticeTime = .milliseconds(20)
        limits.drainTimeout = .seconds(20)
        limits.sweepInterval = .milliseconds(20)
        limits.farewellTimeout = .milliseconds(100)
        return limits
    }()

    @Test(
        .enabled(if: Curl.isInstalled),
        arguments: [
            ["--http2-prior-knowledge"], ["--http1.1"], ["--http2-prior-knowledge", "--data", "hello"],
            ["--http1.1", "--data", "hello"],
        ]
    )
    func `curl is answered in cleartext`(arguments: [String]) async throws {
        try await LiveServer.with { live in
            let format = ["--write-out", " %{http_version} %{http_code}"]
            let answer = try await Curl.run(arguments + format + ["http://127.0.0.1:\(live.port)/a?b=c"])
            let method = arguments.count > 1 ? "POST /a?b=c 5" : "GET /a?b=c 0"
            #expect(answer == "\(method) \(arguments[0] == "--http1.1" ? "1.1" : "2") 200")
        }
    }

    @Test(.enabled(if: Curl.isInstalled), arguments: [("--http2", "2"), ("--http1.1", "1.1")])
    func `curl is answered under TLS, with what it negotiates`(argument: String, version: String) async throws {
        let certificate = try TestCertificate()
        defer { certificate.remove() }
        try await LiveServer.with(tls: certificate.tls) { live in
            let arguments = [
                "-k", argument, "--write-out", " %{http_version}", "https://127.0.0.1:\(live.securePort)/",
            ]
            let answer = try await Curl.run(arguments)
            #expect(answer == "GET / 0 \(version)")
        }
    }

    @Test(.enabled(if: Curl.isInstalled), arguments: ["--http2-prior-knowledge", "--http1.1"])
    func `curl gets a whole 413 for a body that is too long`(argument: String) async throws {
        try await LiveServer.with { live in
            let body = String(repeating: "x", count: 130_000)
            var limits = HTTPLimits()
            limits.requestBodyBytesMax = 100_000
            try await LiveServer.with(limits: limits) { small in
                let arguments = [argument, "-H", "Expect:", "--data", body, "--write-out", "%{http_code}"]
                let refused = try await Curl.run(arguments + ["http://127.0.0.1:\(small.port)/"])
                #expect(refused.hasPrefix("413"))
                let accepted = try await Curl.run(arguments + ["http://127.0.0.1:\(live.port)/"])
                #expect(accepted == "POST / 130000200")
            }
        }
    }

    @Test func `Our client is answered under TLS, when it trusts the certificate`() async throws {
        let certificate = try TestCertificate()
        defer { certificate.remove() }
        try await LiveServer.with(tls: certificate.tls) { live in
            let trusted = HTTPClientSecurity.trustRoots(pemFile: certificate.tls.certificateChainFile)
            for security in [trusted, .insecure] {
                let response = try await live.client(security: security) {
                    try await $0.request(method: "GET", path: "/")
                }
                #expect((response.status, response.body) == (200, [UInt8]("GET / 0".utf8)))
            }
            await #expect(throws: HTTPClientFault.self) {
                try await live.client(security: .systemRoots) { try await $0.request(method: "GET", path: "/") }
            }
            try live.server.reloadCertificate()
            let again = try await live.client(security: trusted) { try await $0.request(method: "GET", path: "/") }
            #expect(again.status == 200)
        }
    }

    @Test func `Draining finishes the stream that runs and refuses a new connection`() async throws {
        let holding = Holding()
        try await LiveServer.with(holding, limits: Self.quick) { live in
            try await live.client { client in
                async let answer = client.request(method: "GET", path: "/slow")
                let (_, responder) = try await holding.next()
                async let drained: Void = live.server.drain()
                try await eventually("the client hears of it") { !client.isOpen }
                await #expect(throws: HTTPClientFault.self) { try await client.request(method: "GET", path: "/new") }
                responder.send(status: 200, fields: [], body: [1, 2, 3])
                let body = try await answer.body
                #expect(body == [1, 2, 3])
                await drained
                #expect(live.server.statistics.connectionsOpen == 0)
                #expect(live.server.statistics.refusals.isEmpty)
            }
            await #expect(throws: HTTPClientFault.self) { try await live.client { _ in } }
        }
    }

    @Test func `Draining does not wait for ever`() async throws {
        let holding = Holding()
        var limits = Self.quick
        limits.drainTimeout = .milliseconds(100)
        try await LiveServer.with(holding, limits: limits) { live in
            try await live.client { client in
                async let answer = client.request(method: "GET", path: "/stuck")
                let (_, responder) = try await holding.next()
                await live.server.drain()
                do {
                    _ = try await answer
                    Issue.record("nobody answered")
                } catch let fault as HTTPClientFault {
                    #expect(fault.kind == .reset(code: 8), "\(fault)")
                }
                #expect(live.server.statistics.refusals == [.drainTimeout: 1])
                responder.send(status: 200, fields: [], body: [])
            }
        }
    }

    @Test(.enabled(if: Curl.isInstalled))
    func `Draining ends HTTP/1.1 with the current response`() async throws {
        let holding = Holding()
        try await LiveServer.with(holding, limits: Self.quick) { live in
            async let answer = Curl.run(["--http1.1", "--include", "http://127.0.0.1:\(live.port)/"])
            let (_, responder) = try await holding.next()
            async let drained: Void = live.server.drain()
            // The drain has reached the connection once the listener is closed.
            while (try? await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: live.port).get().close()) != nil
            {}
            responder.send(status: 200, fields: [], body: [0x61])
            let text = try await answer
            #expect(text.contains("connection: close\r\n"))
            #expect(text.hasSuffix("\r\n\r\na"))
            await drained
        }
    }

    @Test func `Sixty-four connections at the moment of stopping`() async throws {
        for _ in 0..<5 {
            try await LiveServer.with { live in
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<64 {
                        group.addTask {
                            guard let client = try? await HTTPClient.connect(host: "127.0.0.1", port: live.port) else {
                                return
                            }
                            _ = try? await client.request(method: "GET", path: "/")
                            await client.close()
                        }
                    }
                    await live.server.stop()
                }
                #expect(live.server.statistics.connectionsOpen == 0)
            }
        }
    }

    @Test func `Connections from one address have a limit`() async throws {
        var limits = HTTPLimits()
        limits.isLoopbackExempt = false
        limits.connectionsPerAddressMax = 1
        try await LiveServer.with(limits: limits) { live in
            try await live.client { first in
                let status = try await first.request(method: "GET", path: "/").status
                #expect(status == 200)
                await #expect(throws: HTTPClientFault.self) {
                    try await live.client { try await $0.request(method: "GET", path: "/") }
                }
                #expect(live.server.statistics.refusals == [.addressLimit: 1])
                #expect(live.server.statistics.connectionsOpen == 1)
            }
        }
    }
}
