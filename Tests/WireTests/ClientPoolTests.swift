internal import NIOCore
internal import Testing

@testable internal import Wire

struct ClientPoolTests {
    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// The macro cannot call a mutating function itself.
    static func admits(_ breaker: inout Breaker, _ now: NIODeadline) -> Bool {
        breaker.admits(at: now)
    }

    @Test("a breaker opens after five failures in a row and lets one call try after a second")
    func breaker() {
        var breaker = Breaker()
        for _ in 0..<4 { breaker.failed(at: Self.start) }
        breaker.succeeded()
        for _ in 0..<4 { breaker.failed(at: Self.start) }
        #expect(Self.admits(&breaker, Self.start) == true)
        breaker.failed(at: Self.start)
        #expect(Self.admits(&breaker, Self.start + .milliseconds(999)) == false)
        #expect(Self.admits(&breaker, Self.start + .seconds(1)) == true)
        #expect(Self.admits(&breaker, Self.start + .seconds(1)) == false)
        breaker.failed(at: Self.start + .seconds(1))
        #expect(Self.admits(&breaker, Self.start + .milliseconds(1_999)) == false)
        #expect(Self.admits(&breaker, Self.start + .seconds(2)) == true)
        breaker.succeeded()
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test("a trial whose caller went away leaves the breaker ready for the next")
    func abandonedTrial() {
        var breaker = Breaker()
        for _ in 0..<5 { breaker.failed(at: Self.start) }
        #expect(Self.admits(&breaker, Self.start + .seconds(1)) == true)
        breaker.abandoned(at: Self.start + .seconds(1))
        #expect(Self.admits(&breaker, Self.start + .seconds(1)) == true)
    }

    @Test("over many calls at most a tenth are tried again")
    func budget() {
        var budget = RetryBudget()
        var retries = 0
        for _ in 0..<10_000 {
            budget.called()
            if budget.takeRetry() { retries += 1 }
        }
        #expect(retries <= 10_000 / 10 + RetryBudget.retriesMax)
        #expect(retries >= 1_000)
    }

    @Test("waits are random below a ceiling that doubles and ends")
    func backoff() {
        #expect(
            (0..<5).map { Backoff.connect.ceilingMilliseconds(failures: $0) } == [50, 100, 200, 400, 500]
        )
        #expect(Backoff.connect.ceilingMilliseconds(failures: 1_000) == 500)
        var generator = SplitMix(seed: 1)
        let waits = (0..<1_000).map { _ in Backoff.call.milliseconds(failures: 1, using: &generator) }
        #expect(waits.allSatisfy { 0...100 ~= $0 })
        #expect(Set(waits).count > 50)
    }

    @Test("addresses come and go; each is known once")
    func addresses() throws {
        let one = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        let two = try SocketAddress(ipAddress: "127.0.0.2", port: 1)
        var pool = ClientPool(seed: 1)
        #expect(pool.update([one, one]).added == [0])
        #expect(pool.update([one, two]).added == [1])
        #expect(pool.update([two]).added.isEmpty)
        #expect(pool.instances.keys.sorted() == [1])
        #expect(pool.pick(for: nil, excluding: [], now: Self.start) == nil)
    }

    @Test(
        "an address is a host and a port",
        arguments: [
            ("127.0.0.1:7102", "127.0.0.1", 7_102), ("[::1]:7102", "::1", 7_102), ("crm.internal:1", "crm.internal", 1),
        ]
    )
    func address(text: String, host: String, port: Int) {
        #expect(WireAddress(text) == WireAddress(host: host, port: port))
        #expect(WireAddress(text)?.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", "crm", ":1", "crm:", "crm:0", "crm:65536", "::1:1", "crm:x"]
    )
    func noAddress(text: String) {
        #expect(WireAddress(text) == nil)
    }

    @Test("loopback is 127.0.0.0/8 and ::1")
    func loopback() throws {
        for text in ["127.0.0.1", "127.255.0.3", "::1"] {
            #expect(try SocketAddress(ipAddress: text, port: 1).isLoopback)
        }
        for text in ["0.0.0.0", "128.0.0.1", "10.0.0.1", "::", "::2", "fe80::1"] {
            #expect(try !SocketAddress(ipAddress: text, port: 1).isLoopback)
        }
    }
}
