internal import NIOCore
internal import Synchronization

/// What all connections of one server share.
final class ServerCore: Sendable {
    let limits: HTTPLimits
    let handler: any HTTPHandler
    let counters = HTTPServerCounters()
    let limiter: Mutex<ConnectionLimiter>
    let refusalResponse: HTTPServerConfiguration.RefusalResponse
    private let draining = Atomic<Bool>(false)

    init(_ configuration: HTTPServerConfiguration, handler: any HTTPHandler) {
        self.limits = configuration.limits
        self.handler = handler
        self.limiter = Mutex(ConnectionLimiter(configuration.limits))
        self.refusalResponse = configuration.refusalResponse
    }

    var isDraining: Bool { self.draining.load(ordering: .acquiring) }

    func beginDrain() {
        self.draining.store(true, ordering: .releasing)
    }
}

/// Sent down each channel when the server drains.
struct DrainEvent: Sendable {}
