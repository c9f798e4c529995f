/// A whole response.
public struct HTTPResponse: Hashable, Sendable {
    public var status: Int
    public var fields: [HTTPField]
    public var body: [UInt8]

    public init(status: Int, fields: [HTTPField] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// The value of the first field with this (lower-case) name.
    public func first(_ name: String) -> String? {
        self.fields.first(name)
    }
}

/// A response whose body is read as it comes. Ending the iteration early, or dropping it, cancels the request.
public struct HTTPStreamingResponse: Sendable {
    public let status: Int
    public let fields: [HTTPField]
    public let body: HTTPBodyStream
}

/// Why a request of the client failed.
public struct HTTPClientFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as far as a caller can act on it.
    public enum Kind: Hashable, Sendable {
        /// Not connected, or not any more; `isUnprocessed` says whether a request may be sent again.
        case connection
        /// The peer, or its certificate, does not speak HTTP/2 as it should.
        case protocolError
        /// The server reset the stream with this HTTP/2 error code.
        case reset(code: UInt32)
        /// The response is longer than the caller's limit.
        case tooLarge
        case timeout
    }

    public let kind: Kind
    public let detail: String
    /// The server has certainly not acted on the request (REFUSED_STREAM, or above the last stream of its GOAWAY).
    public let isUnprocessed: Bool

    public init(_ kind: Kind, _ detail: String, isUnprocessed: Bool = false) {
        self.kind = kind
        self.detail = detail
        self.isUnprocessed = isUnprocessed
    }

    public var description: String { "\(self.kind): \(self.detail)" }
}

/// How the client trusts a server.
public enum HTTPClientSecurity: Hashable, Sendable {
    /// HTTP/2 by prior knowledge, no TLS.
    case cleartext
    /// TLS, verified against the system's roots.
    case systemRoots
    /// TLS, verified against the certificates of a PEM file.
    case trustRoots(pemFile: String)
    /// TLS, the certificate not verified: for development only.
    case insecure
}
