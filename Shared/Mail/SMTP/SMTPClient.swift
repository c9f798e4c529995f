public import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Hands mails to a mail server.
public struct SMTPClient: Sendable {
    private let configuration: SMTPConfiguration
    private let tls: NIOSSLContext?
    private let group: any EventLoopGroup

    /// - Throws: where the authorities cannot be read.
    public init(_ configuration: SMTPConfiguration, group: any EventLoopGroup) throws {
        self.configuration = configuration
        self.group = group
        guard configuration.encryption != .none else {
            self.tls = nil
            return
        }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        if let authorities = configuration.authorities {
            settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authorities))
        }
        self.tls = try NIOSSLContext(configuration: settings)
    }

    /// Sends the mails in their order over one connection; answers for each what became of it.
    public func send(_ mails: [SMTPEnvelope]) async -> [SMTPDelivery] {
        let loop = self.group.any()
        let promise = loop.makePromise(of: [SMTPDelivery].self)
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(self.configuration.connectSecondsMax))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if self.configuration.encryption == .implicit { try pipeline.addHandler(self.encryption()) }
                    try pipeline.addHandler(
                        SMTPClientHandler(self.configuration, mails, makeTLS: self.encryption, promise: promise)
                    )
                }
            }
            .connect(host: self.configuration.host, port: self.configuration.port)
            .whenFailure { error in
                // A promise keeps what it was given first; where there was no connection, that is this.
                promise.succeed(mails.map { _ in .postponed("no connection: \(Self.cause(error))") })
            }
        do {
            return try await promise.futureResult.get()
        } catch {
            return mails.map { _ in .postponed("the process is ending") }
        }
    }

    /// What failed below SMTP, for the log: it names the configured host, and nobody that a mail is to.
    static func cause(_ error: any Error) -> String { String("\(error)".prefix(self.causeLengthMax)) }
    private static let causeLengthMax = 300

    /// The configuration says that nothing is encrypted, so nobody asks for it.
    private struct NotEncrypted: Error {}

    /// The certificate must be for the host that was configured, from an authority that is believed.
    private func encryption() throws -> any ChannelHandler {
        guard let tls = self.tls else { throw NotEncrypted() }
        return try NIOSSLClientHandler(context: tls, serverHostname: self.hostName)
    }

    /// An address is compared with the certificate without being sent as a name.
    private var hostName: String? {
        (try? SocketAddress(ipAddress: self.configuration.host, port: 0)) == nil ? self.configuration.host : nil
    }
}
