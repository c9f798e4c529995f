internal import Contracts
internal import NIOCore

/// When to ping a silent peer and when to give it up. A value: the time comes in as an argument.
struct Liveness {
    private let limits: WireLimits
    private let connectedAt: NIODeadline
    private var heardAt: NIODeadline
    private var lookedAt: NIODeadline
    /// Since when the peer has taken nothing of what waits for it.
    private var stuckSince: NIODeadline?

    init(limits: WireLimits, now: NIODeadline) {
        self.limits = limits
        self.connectedAt = now
        self.heardAt = now
        self.lookedAt = now
    }

    enum Action: Hashable {
        case nothing
        case ping
        case close(CloseHead)
    }

    mutating func heard(at now: NIODeadline) {
        self.heardAt = now
    }

    mutating func writable(_ isWritable: Bool, at now: NIODeadline) {
        self.stuckSince = isWritable ? nil : self.stuckSince ?? now
    }

    /// The look that `pingInterval` asks for.
    mutating func tick(isOpen: Bool, at now: NIODeadline) -> Action {
        guard isOpen else {
            return now - self.connectedAt >= TimeAmount(self.limits.helloTimeout)
                ? .close(CloseHead(.helloTimeout, "no proof in time")) : .nothing
        }
        let deadPeer = TimeAmount(self.limits.deadPeer)
        if now - self.heardAt >= deadPeer {
            return .close(CloseHead(.deadPeer, "nothing was heard"))
        }
        if let stuckSince, now - stuckSince >= deadPeer {
            return .close(CloseHead(.deadPeer, "nothing was read"))
        }
        let wasSilent = self.heardAt <= self.lookedAt
        self.lookedAt = now
        return wasSilent ? .ping : .nothing
    }
}
