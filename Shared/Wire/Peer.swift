/// Who this process is, as its hello says.
public struct WireIdentity: Hashable, Sendable {
    /// The service's name; under TLS also a DNS name of its certificate.
    public var service: String
    /// One process among the replicas, new at every start.
    public var instance: String
    public var build: String

    public init(service: String, instance: String, build: String) {
        self.service = service
        self.instance = instance
        self.build = build
    }
}

/// The other end of a connection, after it proved who it is.
public struct Peer: Hashable, Sendable {
    public let service: String
    public let instance: String
    public let build: String
    public let catalogHash: String

    public init(service: String, instance: String, build: String = "", catalogHash: String = "") {
        self.service = service
        self.instance = instance
        self.build = build
        self.catalogHash = catalogHash
    }
}
