internal import Synchronization

/// Why the server turned something away. Its raw values are meant as metric labels.
public enum HTTPRefusal: String, CaseIterable, Hashable, Sendable {
    case connectionLimit = "connection_limit"
    case addressLimit = "address_limit"
    case handshakeLimit = "handshake_limit"
    case handshakeFailed = "handshake_failed"
    case handshakeTimeout = "handshake_timeout"
    case prefaceTimeout = "preface_timeout"
    case headTimeout = "head_timeout"
    case headTooLarge = "head_too_large"
    case invalidHead = "invalid_head"
    case bodyTooLarge = "body_too_large"
    case slowBody = "slow_body"
    case responseStalled = "response_stalled"
    case streamLimit = "stream_limit"
    case flood = "flood"
    case protocolError = "protocol_error"
    case handlerDropped = "handler_dropped"
    case drainTimeout = "drain_timeout"
}

/// A reading of the server's counters.
public struct HTTPServerStatistics: Hashable, Sendable {
    public var connectionsOpen = 0
    public var connectionsAccepted = 0
    /// Requests whose handler has not ended.
    public var requestsRunning = 0
    public var requests = 0
    public var refusals: [HTTPRefusal: Int] = [:]

    public init() {}
}

/// The counters behind `HTTPServerStatistics`, shared by all connections.
final class HTTPServerCounters: Sendable {
    private let connectionsOpen = Atomic<Int>(0)
    private let connectionsAccepted = Atomic<Int>(0)
    private let requestsRunning = Atomic<Int>(0)
    private let requests = Atomic<Int>(0)
    private let refusals = Mutex<[HTTPRefusal: Int]>([:])

    var statistics: HTTPServerStatistics {
        var statistics = HTTPServerStatistics()
        statistics.connectionsOpen = self.connectionsOpen.load(ordering: .relaxed)
        statistics.connectionsAccepted = self.connectionsAccepted.load(ordering: .relaxed)
        statistics.requestsRunning = self.requestsRunning.load(ordering: .relaxed)
        statistics.requests = self.requests.load(ordering: .relaxed)
        statistics.refusals = self.refusals.withLock { $0 }
        return statistics
    }

    func connectionOpened() {
        self.connectionsAccepted.add(1, ordering: .relaxed)
        self.connectionsOpen.add(1, ordering: .relaxed)
    }

    func connectionClosed() {
        self.connectionsOpen.subtract(1, ordering: .relaxed)
    }

    func requestStarted() {
        self.requests.add(1, ordering: .relaxed)
        self.requestsRunning.add(1, ordering: .relaxed)
    }

    func requestEnded() {
        self.requestsRunning.subtract(1, ordering: .relaxed)
    }

    func refused(_ reason: HTTPRefusal) {
        self.refusals.withLock { $0[reason, default: 0] += 1 }
    }
}
