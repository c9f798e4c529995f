internal import Testing

@testable internal import HTTP2

struct ConnectionLimiterTests {
    private static func limiter(_ change: (inout HTTPLimits) -> Void = { _ in }) -> ConnectionLimiter {
        var limits = HTTPLimits()
        limits.connectionsMax = 4
        limits.connectionsPerAddressMax = 2
        limits.handshakesMax = 1
        change(&limits)
        return ConnectionLimiter(limits)
    }

    @Test func `One address may have so many, and no more`() {
        var limiter = Self.limiter()
        let answers = (0..<3).map { _ in limiter.connect(from: "192.0.2.1", handshake: false) }
        #expect(answers == [nil, nil, .addressLimit])
        #expect(limiter.connect(from: "192.0.2.2", handshake: false) == nil)
        #expect(limiter.connections == 3)
    }

    @Test func `A connection that ends makes room for another`() {
        var limiter = Self.limiter()
        for _ in 0..<100 {
            #expect(limiter.connect(from: "192.0.2.1", handshake: false) == nil)
            #expect(limiter.connect(from: "192.0.2.1", handshake: false) == nil)
            limiter.disconnect(from: "192.0.2.1")
            limiter.disconnect(from: "192.0.2.1")
        }
        #expect(limiter.connections == 0)
    }

    @Test func `All addresses together have a limit`() {
        var limiter = Self.limiter()
        for last in 1...4 { #expect(limiter.connect(from: "192.0.2.\(last)", handshake: false) == nil) }
        #expect(limiter.connect(from: "192.0.2.5", handshake: false) == .connectionLimit)
    }

    @Test(arguments: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
    func `Loopback is exempt, if the limits say so`(address: String) {
        var exempt = Self.limiter()
        let answers = (0..<3).map { _ in exempt.connect(from: address, handshake: false) }
        #expect(answers == [nil, nil, nil])
        var strict = Self.limiter { $0.isLoopbackExempt = false }
        let strictAnswers = (0..<3).map { _ in strict.connect(from: address, handshake: false) }
        #expect(strictAnswers == [nil, nil, .addressLimit])
    }

    @Test func `Handshakes under way have a limit of their own`() {
        var limiter = Self.limiter()
        #expect(limiter.connect(from: "192.0.2.1", handshake: true) == nil)
        #expect(limiter.connect(from: "192.0.2.2", handshake: true) == .handshakeLimit)
        limiter.handshakeEnded()
        #expect(limiter.connect(from: "192.0.2.2", handshake: true) == nil)
    }
}
