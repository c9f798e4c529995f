/// Why a call has no answer. A fault that the service answered is a `WireReply`, not a failure.
public enum WireFailure: Error, Hashable, Sendable {
    /// No instance could be reached, or the connection was lost before the answer.
    case unavailable
    case deadlineExceeded
    case cancelled
    /// The peer, or the request, broke the protocol: for instance a request larger than a frame.
    case protocolViolation(String)
    /// A stream ended with this fault. Only streams fail so.
    case refused(StreamEnd)
}

/// Why a server or client does not start.
public enum WireConfigurationFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Off the loopback Wire speaks TLS with certificates on both sides or not at all.
    case tlsRequired(address: String)
    case badKey(String)
    case badCertificate(String)
    case badAddress(String)

    public var description: String {
        switch self {
        case .tlsRequired(let address): "\(address) is not a loopback address: TLS certificates are required"
        case .badKey(let detail): "installation key: \(detail)"
        case .badCertificate(let detail): "TLS: \(detail)"
        case .badAddress(let detail): "address: \(detail)"
        }
    }
}
