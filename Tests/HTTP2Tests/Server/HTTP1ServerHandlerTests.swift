internal import NIOCore
internal import Testing

@testable internal import HTTP2

struct HTTP1ServerHandlerTests {
    private static func status(_ response: String) -> String {
        response.split(separator: " ").dropFirst().first.map(String.init) ?? "none"
    }

    @Test func `A request is answered, byte for byte but the date`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let response = try server.text("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n")
        let lines = response.components("\r\n").filter { !$0.hasPrefix("date: ") }
        #expect(lines == ["HTTP/1.1 200 OK", "content-type: text/plain", "content-length: 12", "", "GET /a?b=c 0"])
        #expect(server.isActive)
    }

    @Test func `Pipelined requests are answered in order, even when the second is quicker`() throws {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        try server.send([UInt8]("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        #expect(holding.count == 1)
        let (first, answer) = try #require(holding.take())
        #expect(first.target == "/1")
        answer.send(status: 200, fields: [], body: [1])
        let (second, secondAnswer) = try #require(holding.take())
        #expect(second.target == "/2")
        secondAnswer.send(status: 404, fields: [], body: [])
        server.run()
        let text = String(decoding: try server.received(), as: UTF8.self)
        #expect(text.components("HTTP/1.1 ").map { String($0.prefix(3)) } == ["", "200", "404"])
    }

    @Test func `A pipelined request waits for the peer to take the answer before it`() throws {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        try server.send([UInt8]("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        server.setWritable(false)
        holding.take()?.1.send(status: 200, fields: [], body: [1])
        server.run()
        #expect(holding.count == 0, "nothing more is made for who does not read")
        server.setWritable(true)
        #expect(holding.take()?.0.target == "/2")
    }

    @Test(arguments: [
        ("content-length beside transfer-encoding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        ("two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"),
        ("a list of lengths", "Content-Length: 5, 5\r\n"), ("a signed length", "Content-Length: +5\r\n"),
        ("a hexadecimal length", "Content-Length: 0x5\r\n"), ("a bare line feed", "A: b\nC: d\r\n"),
        ("another coding", "Transfer-Encoding: gzip, chunked\r\n"),
        ("a coding we do not know", "Transfer-Encoding: xchunked\r\n"),
        ("a space before the colon", "Content-Length : 5\r\n"), ("a folded line", "A: b\r\n c\r\n"),
        ("an underscore", "Content_Length: 5\r\n"), ("two hosts", "Host: y\r\n"), ("a NUL", "A: b\0c\r\n"),
    ])
    func `What two parsers might read in two ways is refused`(what: String, fields: String) throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let response = try server.text("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
        #expect(Self.status(response) == "400", "\(what)")
        #expect(response.contains("connection: close\r\n"))
        #expect(server.refusals(.invalidHead) == 1)
        #expect(try server.text("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "", "nothing is read after it")
        _ = try server.advance(.seconds(1))
        #expect(!server.isActive)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET / HTTP/1.0\r\n\r\n", "200"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "400"),
        ("GET http://x/p HTTP/1.1\r\nHost: x\r\n\r\n", "200"), ("GET http://y/p HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "200"), ("GET p HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("rubbish\r\n\r\n", "400"), ("GET / HTTP/3.0\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", "413"),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "x", count: 17_000))\r\n\r\n", "431"),
        ("GET /\(String(repeating: "x", count: 40_000))", "431"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\((0..<101).map { "A\($0): b\r\n" }.joined())\r\n", "431"),
    ])
    func `Heads are held to their form and limits`(request: String, status: String) throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        #expect(Self.status(try server.text(request)) == status)
    }

    @Test func `A chunked body is put together, and an upload asks first`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        #expect(try server.text(head) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try server.text("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").hasSuffix("\r\n\r\nPOST /c 5"))
    }

    @Test func `A chunked body over the limit is answered 413`() throws {
        var limits = HTTPLimits()
        limits.requestBodyBytesMax = 4
        let server = try EmbeddedServer(limits: limits)
        defer { server.close() }
        let head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(Self.status(try server.text("\(head)3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) == "413")
    }

    @Test func `A streamed response is chunked`() throws {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        try server.send([UInt8]("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        let (_, responder) = try #require(holding.take())
        responder.start(status: 200, fields: [HTTPField("date", "d")])
        responder.write([0x61, 0x62])
        responder.finish()
        let text = String(decoding: try server.received(), as: UTF8.self)
        #expect(text == "HTTP/1.1 200 OK\r\ndate: d\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
    }

    @Test func `A slow head, a slow body and an idle connection are each shown out`() throws {
        let head = try EmbeddedServer()
        defer { head.close() }
        try head.send([UInt8]("GET / HTTP/1.1\r\nHo".utf8))
        #expect(Self.status(String(decoding: try head.advance(.seconds(10)), as: UTF8.self)) == "408")

        let body = try EmbeddedServer()
        defer { body.close() }
        try body.send([UInt8]("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1".utf8))
        #expect(try body.advance(.milliseconds(9_500)) == [])
        #expect(Self.status(String(decoding: try body.advance(.seconds(1)), as: UTF8.self)) == "408")

        let idle = try EmbeddedServer()
        defer { idle.close() }
        _ = try idle.text("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try idle.advance(.seconds(59))
        #expect(idle.isActive)
        _ = try idle.advance(.seconds(3))
        #expect(!idle.isActive)
    }
}

extension String {
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
