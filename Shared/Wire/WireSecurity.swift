internal import NIOCore
internal import NIOSSL

/// How the two ends of a connection prove who they are.
public enum WireSecurity: Sendable {
    /// The installation's key; only between loopback addresses, because frames are then not encrypted.
    case key([UInt8])
    /// TLS 1.3 with certificates on both sides.
    case tls(WireTLS)

    /// The shortest key accepted.
    public static let keyBytesMin = 32
}

/// This process's certificate and the authority whose certificates it accepts, as PEM.
///
/// Each certificate names its service as a DNS name, and may be used for both ends of a connection.
public struct WireTLS: Sendable {
    public var certificateChain: [UInt8]
    public var privateKey: [UInt8]
    public var trustRoots: [UInt8]

    public init(certificateChain: [UInt8], privateKey: [UInt8], trustRoots: [UInt8]) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.trustRoots = trustRoots
    }
}

extension WireSecurity {
    /// What a channel needs: nothing, or a TLS context.
    func makeContext(server: Bool) throws(WireConfigurationFault) -> NIOSSLContext? {
        switch self {
        case .key(let key):
            guard key.count >= Self.keyBytesMin else {
                throw .badKey("\(key.count) bytes are too few, \(Self.keyBytesMin) is the least")
            }
            return nil
        case .tls(let tls):
            do {
                return try tls.makeContext(server: server)
            } catch {
                throw .badCertificate("\(error)")
            }
        }
    }

    /// Refuses an address that this security may not be used on.
    func check(_ address: SocketAddress) throws(WireConfigurationFault) {
        if case .key = self, !address.isLoopback { throw .tlsRequired(address: "\(address)") }
    }

    func evidence(certificateNames: [String]?) -> Handshake.Evidence {
        switch self {
        case .key(let key): .key(key)
        case .tls: .certificate(names: certificateNames ?? [])
        }
    }

    var usesTLS: Bool {
        switch self {
        case .key: false
        case .tls: true
        }
    }
}

extension WireTLS {
    fileprivate func makeContext(server: Bool) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(self.certificateChain)
        let key = try NIOSSLPrivateKey(bytes: self.privateKey, format: .pem)
        let roots = try NIOSSLCertificate.fromPEMBytes(self.trustRoots)
        var configuration =
            server
            ? TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            ) : TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
        configuration.trustRoots = .certificates(roots)
        // The chain is verified here; the name is compared with the hello's service by `Handshake`, on both sides alike.
        configuration.certificateVerification = .noHostnameVerification
        return try NIOSSLContext(configuration: configuration)
    }
}

extension SocketAddress {
    /// 127.0.0.0/8, ::1 or a Unix socket.
    var isLoopback: Bool {
        switch self {
        case .v4: self.ipAddress?.hasPrefix("127.") == true
        case .v6: self.ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}
