/// A request whose head and body have both arrived and passed the limits of `HTTPLimits`.
public struct HTTPRequest: Sendable {
    /// The protocol the request came by.
    public enum Version: String, Hashable, Sendable {
        case http1 = "HTTP/1.1"
        case http2 = "HTTP/2"
    }

    public var method: String
    /// Path and query as they were sent, not decoded.
    public var target: String
    public var authority: String
    public var scheme: String
    /// Without the pseudo-fields; `cookie` crumbs of HTTP/2 stay apart.
    public var fields: [HTTPField]
    public var body: [UInt8]
    public var version: Version
    /// The peer's address without its port.
    public var remoteAddress: String
    public var isTLS: Bool

    /// Whether the peer is on this machine.
    public var isFromLoopback: Bool { ConnectionLimiter.isLoopback(self.remoteAddress) }

    public init(
        method: String,
        target: String,
        authority: String = "",
        scheme: String = "http",
        fields: [HTTPField] = [],
        body: [UInt8] = [],
        version: Version = .http2,
        remoteAddress: String = "",
        isTLS: Bool = false
    ) {
        self.method = method
        self.target = target
        self.authority = authority
        self.scheme = scheme
        self.fields = fields
        self.body = body
        self.version = version
        self.remoteAddress = remoteAddress
        self.isTLS = isTLS
    }

    /// The value of the first field with this (lower-case) name.
    public func first(_ name: String) -> String? {
        self.fields.first(name)
    }
}
