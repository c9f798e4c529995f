internal import Contracts
internal import NIOCore
internal import Testing

@testable internal import Wire

struct LivenessTests {
    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("a peer that does not prove itself in time is let go")
    func hello() {
        var liveness = Liveness(limits: .standard, now: Self.start)
        #expect(liveness.tick(isOpen: false, at: Self.start + .seconds(4)) == .nothing)
        #expect(
            liveness.tick(isOpen: false, at: Self.start + .seconds(5))
                == .close(CloseHead(.helloTimeout, "no proof in time"))
        )
    }

    @Test("a silent peer is pinged, and is dead at most 10 s after its last byte")
    func silent() {
        var liveness = Liveness(limits: .standard, now: Self.start)
        liveness.heard(at: Self.start + .seconds(1))
        #expect(liveness.tick(isOpen: true, at: Self.start + .seconds(2)) == .nothing)
        #expect(liveness.tick(isOpen: true, at: Self.start + .seconds(4)) == .ping)
        #expect(liveness.tick(isOpen: true, at: Self.start + .seconds(6)) == .ping)
        #expect(liveness.tick(isOpen: true, at: Self.start + .seconds(8)) == .ping)
        #expect(
            liveness.tick(isOpen: true, at: Self.start + .seconds(10))
                == .close(CloseHead(.deadPeer, "nothing was heard"))
        )
        #expect(WireLimits.standard.deadPeer + WireLimits.standard.pingInterval <= .seconds(10))
    }

    @Test("a peer that talks and does not read is dead too")
    func stuck() {
        var liveness = Liveness(limits: .standard, now: Self.start)
        liveness.writable(false, at: Self.start)
        liveness.writable(false, at: Self.start + .seconds(5))
        liveness.heard(at: Self.start + .seconds(8))
        #expect(
            liveness.tick(isOpen: true, at: Self.start + .seconds(8))
                == .close(CloseHead(.deadPeer, "nothing was read"))
        )
        liveness.writable(true, at: Self.start + .seconds(8))
        #expect(liveness.tick(isOpen: true, at: Self.start + .seconds(9)) == .nothing)
    }
}
