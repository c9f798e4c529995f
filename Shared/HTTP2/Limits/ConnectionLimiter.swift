/// Who may connect: so many in all, so many from one address, so many in a TLS handshake.
struct ConnectionLimiter: Sendable {
    private let connectionsMax: Int
    private let connectionsPerAddressMax: Int
    private let handshakesMax: Int
    private let isLoopbackExempt: Bool

    private(set) var connections = 0
    private(set) var handshakes = 0
    private var byAddress: [String: Int] = [:]

    init(_ limits: HTTPLimits) {
        self.connectionsMax = limits.connectionsMax
        self.connectionsPerAddressMax = limits.connectionsPerAddressMax
        self.handshakesMax = limits.handshakesMax
        self.isLoopbackExempt = limits.isLoopbackExempt
    }

    /// Counts a new connection; a reason instead when it must be closed, and then nothing was counted.
    mutating func connect(from address: String, handshake: Bool) -> HTTPRefusal? {
        if self.connections >= self.connectionsMax { return .connectionLimit }
        if handshake && self.handshakes >= self.handshakesMax { return .handshakeLimit }
        if self.isCounted(address) {
            if self.byAddress[address, default: 0] >= self.connectionsPerAddressMax { return .addressLimit }
            self.byAddress[address, default: 0] += 1
        }
        self.connections += 1
        if handshake { self.handshakes += 1 }
        return nil
    }

    mutating func handshakeEnded() {
        self.handshakes -= 1
    }

    mutating func disconnect(from address: String) {
        self.connections -= 1
        guard self.isCounted(address), let count = self.byAddress[address] else { return }
        self.byAddress[address] = count > 1 ? count - 1 : nil
    }

    private func isCounted(_ address: String) -> Bool {
        !(self.isLoopbackExempt && Self.isLoopback(address))
    }

    /// Whether an address, as the kernel names a connection's peer, is of this machine.
    static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}
