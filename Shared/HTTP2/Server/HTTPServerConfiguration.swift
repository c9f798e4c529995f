internal import NIOSSL

/// Where a server listens, with what certificate, and within which limits.
public struct HTTPServerConfiguration: Sendable {
    /// A host (address or name) and a port; port 0 takes a free one.
    public struct Address: Hashable, Sendable {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    public var limits: HTTPLimits
    /// Addresses for HTTP/2 by prior knowledge and HTTP/1.1, without TLS.
    public var cleartext: [Address]
    /// Addresses for TLS; needs `tls`.
    public var secure: [Address]
    public var tls: HTTPServerTLS?
    /// What the transport answers by itself, before or instead of the handler.
    public var refusalResponse: RefusalResponse

    /// An answer with this status (400, 408, 413, 431, 500, 503) to a request as far as it could be read.
    public typealias RefusalResponse = @Sendable (_ status: Int, _ request: HTTPRequest) -> HTTPRefusalResponse

    public init(
        cleartext: [Address],
        secure: [Address] = [],
        tls: HTTPServerTLS? = nil,
        limits: HTTPLimits = HTTPLimits(),
        refusalResponse: @escaping RefusalResponse = { _, _ in HTTPRefusalResponse() }
    ) {
        self.cleartext = cleartext
        self.secure = secure
        self.tls = tls
        self.limits = limits
        self.refusalResponse = refusalResponse
    }
}

/// Fields and body of a response the transport gives by itself.
public struct HTTPRefusalResponse: Hashable, Sendable {
    public var fields: [HTTPField]
    public var body: [UInt8]

    public init(fields: [HTTPField] = [], body: [UInt8] = []) {
        self.fields = fields
        self.body = body
    }
}

/// A certificate chain and its key, as PEM files that may be replaced and reloaded.
public struct HTTPServerTLS: Hashable, Sendable {
    public var certificateChainFile: String
    public var privateKeyFile: String

    public init(certificateChainFile: String, privateKeyFile: String) {
        self.certificateChainFile = certificateChainFile
        self.privateKeyFile = privateKeyFile
    }

    /// Of TLS 1.2 the suites that HTTP/2 allows (RFC 9113, appendix A): forward-secret and authenticated. Those of 1.3 all are.
    private static let cipherSuites = "ECDH+AESGCM:ECDH+CHACHA20"

    /// Reads the files. TLS 1.2 and 1.3, ALPN `h2` and `http/1.1`.
    func context() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(self.certificateChainFile).map(
            NIOSSLCertificateSource.certificate
        )
        let key = try NIOSSLPrivateKey(file: self.privateKeyFile, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = Self.cipherSuites
        configuration.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
