internal import Contracts
internal import ServiceKit
internal import Synchronization
internal import Wire

/// A service that has so many places for calls, and refuses the others.
final class FullService: CallHandler {
    private let endpoint: ServiceEndpoint
    private let places: Int
    private let underWay = Mutex(0)
    private let refusals = Mutex(0)

    init(_ endpoint: ServiceEndpoint, places: Int) {
        self.endpoint = endpoint
        self.places = places
    }

    /// How often it had to refuse by itself.
    var refused: Int { self.refusals.withLock { $0 } }

    var catalogHash: String { self.endpoint.catalogHash }

    func isStream(_ operation: String) -> Bool { self.endpoint.isStream(operation) }

    func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        await self.endpoint.stream(call, body: body, peer: peer, writer: writer)
    }

    func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        let isTaken = self.underWay.withLock { underWay in
            guard underWay < self.places else { return false }
            underWay += 1
            return true
        }
        guard isTaken else {
            self.refusals.withLock { $0 += 1 }
            let problem = Fault.busy("crm").problemDetails(requestID: call.requestID ?? "")
            return WireReply(status: WireStatus.busy, httpStatus: 503, retryAfter: 1, body: problem)
        }
        defer { self.underWay.withLock { $0 -= 1 } }
        return await self.endpoint.handle(call, body: body, peer: peer)
    }
}
