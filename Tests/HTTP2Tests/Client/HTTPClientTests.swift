internal import HTTP2
internal import NIOCore
internal import Synchronization
internal import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    @Test func `A thousand requests share one connection`() async throws {
        try await LiveServer.with { live in
            try await live.client { client in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<1_000 {
                        group.addTask {
                            let response = try await client.request(method: "GET", path: "/\(number)")
                            return response.body == [UInt8]("GET /\(number) 0".utf8)
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
                #expect(live.server.statistics.connectionsAccepted == 1)
                #expect(live.server.statistics.requests == 1_000)
                #expect(live.server.statistics.requestsRunning == 0)
            }
        }
    }

    @Test(arguments: [0, 1, 1_000, 65_535, 65_536, 1_000_000])
    func `Bodies pass both ways through small windows`(count: Int) async throws {
        var limits = HTTPLimits()
        limits.streamWindowBytes = 1_000
        limits.connectionWindowBytes = 65_535
        limits.bucketTokensMax = 100_000
        try await LiveServer.with(Echoing(), limits: limits) { live in
            try await live.client(streamWindowBytes: 5_000) { client in
                let body = Echoing.pattern(count)
                let response = try await client.request(method: "POST", path: "/echo", body: body)
                #expect(response.body == body)
                #expect(response.first("content-length") == "\(count)")
            }
        }
    }

    @Test func `Uploads that together exceed the connection's buffer all arrive`() async throws {
        var limits = HTTPLimits()
        limits.bodyBytesBufferedMax = 200_000
        try await LiveServer.with(Echoing(), limits: limits) { live in
            try await live.client { client in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    let body = Echoing.pattern(300_000)
                    for _ in 0..<20 {
                        group.addTask {
                            try await client.request(method: "POST", path: "/echo", body: body).body == body
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }
    }

    @Test func `Events arrive one by one, and the server learns that the client has gone`() async throws {
        let holding = Holding()
        try await LiveServer.with(holding) { live in
            try await live.client { client in
                async let streaming = client.stream(method: "GET", path: "/events")
                let (_, responder) = try await holding.next()
                let (closed, continuation) = AsyncStream.makeStream(of: Void.self)
                responder.onClose { continuation.finish() }
                responder.start(status: 200, fields: [HTTPField("content-type", "text/event-stream")])
                let response = try await streaming
                #expect(response.fields.first("content-type") == "text/event-stream")
                try await Self.exchangeEvents(response, responder)
                for await _ in closed {}
                #expect(!responder.write([1]))
                responder.finish()
            }
        }
    }

    /// Reads three events, each written when the one before has come, and drops the iterator.
    private static func exchangeEvents(_ response: HTTPStreamingResponse, _ responder: HTTPResponder) async throws {
        var events = response.body.makeAsyncIterator()
        for number in UInt8(1)...3 {
            #expect(responder.write([number]))
            #expect(try await events.next() == [number])
        }
    }

    @Test func `A slow reader makes write say no, and onDrain says when to go on`() async throws {
        let holding = Holding()
        try await LiveServer.with(holding) { live in
            try await live.client { client in
                async let streaming = client.stream(method: "GET", path: "/events")
                let (_, responder) = try await holding.next()
                let (drained, continuation) = AsyncStream.makeStream(of: Void.self)
                responder.onDrain { continuation.yield() }
                responder.start(status: 200, fields: [])
                let piece = [UInt8](repeating: 7, count: 64 * 1_024)
                var written = 0
                while written < 100 {
                    let mayGoOn = try await responder.eventLoop.submit { responder.write(piece) }.get()
                    written += 1
                    if !mayGoOn { break }
                }
                #expect(written < 100, "the window and the buffer are full")
                let response = try await streaming
                var events = response.body.makeAsyncIterator()
                var received = 0
                while received < written * piece.count {
                    received += try #require(try await events.next()).count
                }
                var drains = drained.makeAsyncIterator()
                #expect(await drains.next() != nil)
                responder.finish()
                #expect(try await events.next() == nil)
            }
        }
    }

    @Test func `A response cut short is a fault, not a short body`() async throws {
        let holding = Holding()
        try await LiveServer.with(holding) { live in
            try await live.client { client in
                async let answer = client.request(method: "GET", path: "/")
                try await Self.startAndDrop(holding)
                do {
                    _ = try await answer
                    Issue.record("half a response was taken for a whole one")
                } catch let fault as HTTPClientFault {
                    #expect(fault.kind == .reset(code: 2))
                }
            }
        }
    }

    private static func startAndDrop(_ holding: Holding) async throws {
        let (_, responder) = try await holding.next()
        responder.start(status: 200, fields: [])
        responder.write([1, 2, 3])
    }

    @Test func `A request has its time, and the connection lives on`() async throws {
        let holding = Holding()
        try await LiveServer.with(holding) { live in
            try await live.client { client in
                do {
                    _ = try await client.request(method: "GET", path: "/", timeout: .milliseconds(20))
                    Issue.record("nobody answered")
                } catch let fault as HTTPClientFault {
                    #expect(fault.kind == .timeout)
                }
                async let next = client.request(method: "GET", path: "/next")
                try await holding.next(to: "/next").1.send(status: 200, fields: [], body: [])
                #expect(try await next.status == 200)
            }
        }
    }

    @Test func `A HEAD request has the length of a body and none`() async throws {
        try await LiveServer.with { live in
            let response = try await live.client { try await $0.request(method: "HEAD", path: "/") }
            #expect((response.first("content-length"), response.body) == ("8", []))
        }
    }

    @Test func `A response over the caller's limit is refused`() async throws {
        try await LiveServer.with(Echoing()) { live in
            try await live.client { client in
                do {
                    _ = try await client.request(method: "GET", path: "/bytes/100000", responseBytesMax: 99_999)
                    Issue.record("too long a response was let through")
                } catch let fault as HTTPClientFault {
                    #expect(fault.kind == .tooLarge)
                }
                let short = try await client.request(method: "GET", path: "/bytes/5")
                #expect(short.body.count == 5)
            }
        }
    }
}
