public import Contracts

/// What a client needs to reach a service.
public struct WireClientConfiguration: Sendable {
    public var identity: WireIdentity
    /// The service that must be at the other end.
    public var service: String
    /// Where its instances are; a name stands for all of its addresses.
    public var addresses: [WireAddress]
    public var security: WireSecurity
    public var limits: WireLimits
    /// Connections to each address, spread over the event loops.
    public var connectionsPerAddress: Int
    /// The deadline of a call that has none. Streams have none unless they say so.
    public var deadlineDefault: Duration
    /// Items of a stream that may be on the way.
    public var streamWindow: UInt32
    /// Told of every call that has ended, streams excepted, on whichever thread ended it.
    public var observe: (@Sendable (EndedCall) -> Void)?

    public init(
        identity: WireIdentity,
        service: String,
        addresses: [WireAddress],
        security: WireSecurity,
        limits: WireLimits = .standard,
        connectionsPerAddress: Int = 2,
        deadlineDefault: Duration = .seconds(30),
        streamWindow: UInt32 = 64
    ) {
        self.identity = identity
        self.service = service
        self.addresses = addresses
        self.security = security
        self.limits = limits
        self.connectionsPerAddress = connectionsPerAddress
        self.deadlineDefault = deadlineDefault
        self.streamWindow = streamWindow
    }
}

/// A call that has ended, for metrics.
public struct EndedCall: Hashable, Sendable {
    public let operation: String
    /// The reply's status, or what Wire calls the lack of one.
    public let status: String
    /// From the making of the call, tries included.
    public let nanoseconds: Int64
}

/// What a client knows of its service now, for `/readyz` and metrics.
public struct WireClientState: Hashable, Sendable {
    /// One address of the service.
    public struct Instance: Hashable, Sendable {
        public var address: String
        /// Who answered there last.
        public var instance: String?
        public var connections: Int
        public var callsInFlight: Int
        /// The breaker lets no ordinary calls pass.
        public var isBroken: Bool
    }

    public var service: String
    public var instances: [Instance]
    /// Why the last connection failed or ended, while there is none.
    public var lastFailure: String?

    /// A call made now has somewhere to go.
    public var isReady: Bool { self.instances.contains { $0.connections > 0 && !$0.isBroken } }
}
