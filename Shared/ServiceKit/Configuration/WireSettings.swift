public import Wire

/// How a process proves itself to others and knows them: keys, certificates, and where the services are.
///
/// Both the services and the gateway have these.
public struct WireSettings: Sendable {
    /// The PEM files of mutual TLS.
    public struct TLSFiles: Hashable, Sendable {
        public let certificate: String
        public let key: String
        /// The authority that signed every peer's certificate.
        public let authority: String
    }

    /// The addresses of each service.
    public let peers: [String: [Address]]
    /// The key that proves, on the loopback, that two processes belong to the same installation.
    public let installationKeyFile: String?
    /// `nil` on the loopback only.
    public let tls: TLSFiles?
    private let hasHalfOfTLS: Bool

    /// The settings that describe the way to other services.
    public static var settings: [Setting] {
        ServiceDirectory.services.map { service in
            let address = ServiceDirectory.wirePort(of: service).map { "\(ServiceDirectory.loopback):\($0)" }
            return Setting("peer.\(service)", .addresses, default: address, "Addresses of \(service).")
        } + [
            Setting("installation.key-file", .text, "File with the key that the processes of one installation share."),
            Setting("tls.certificate-file", .text, "PEM file with this process' certificate."),
            Setting("tls.key-file", .text, "PEM file with its private key."),
            Setting("tls.authority-file", .text, "PEM file with the authority that signed every peer's certificate."),
        ]
    }

    public init(_ values: SettingValues) {
        self.peers = Dictionary(
            uniqueKeysWithValues: ServiceDirectory.services.map { ($0, values.addresses("peer.\($0)")) }
        )
        self.installationKeyFile = values.string("installation.key-file")
        let files = ["tls.certificate-file", "tls.key-file", "tls.authority-file"].map { values.string($0) }
        if let certificate = files[0], let key = files[1], let authority = files[2] {
            self.tls = TLSFiles(certificate: certificate, key: key, authority: authority)
        } else {
            self.tls = nil
        }
        self.hasHalfOfTLS = self.tls == nil && files.contains { $0 != nil }
    }

    /// Everything that is wrong between these settings and with the files they name.
    ///
    /// - Parameter listening: where the process itself listens for Wire, if it does.
    public func problems(listening: Address? = nil) -> [String] {
        var problems: [String] = []
        if self.hasHalfOfTLS {
            problems.append("--tls-certificate-file, --tls-key-file and --tls-authority-file: set all three or none")
        }
        let remote = (self.peers.values.flatMap { $0 } + [listening].compactMap { $0 }).filter { !$0.isLoopback }
        if self.tls == nil, !remote.isEmpty {
            let list = remote.map(\.description).sorted().joined(separator: ", ")
            problems.append("--tls-certificate-file: is required, because \(list) is not on the loopback")
        }
        if self.tls == nil, self.installationKeyFile == nil {
            problems.append("--installation-key-file: is required without TLS; set it or INSTALLATION_KEY_FILE")
        }
        if let tls {
            for (path, flag) in tls.flags {
                problems += ConfigurationErrors.problems { () throws(ConfigurationErrors) in
                    _ = try KeyFile.text(path, of: flag)
                }
            }
        }
        problems += ConfigurationErrors.problems { () throws(ConfigurationErrors) in _ = try self.installationKey() }
        return problems
    }

    // MARK: Files

    /// Reads the files: certificates if they are set, or else the installation's key.
    public func security() throws(ConfigurationErrors) -> WireSecurity {
        if let tls {
            return .tls(
                WireTLS(
                    certificateChain: try KeyFile.text(tls.certificate, of: TLSFiles.certificateFlag),
                    privateKey: try KeyFile.text(tls.key, of: TLSFiles.keyFlag),
                    trustRoots: try KeyFile.text(tls.authority, of: TLSFiles.authorityFlag)
                )
            )
        }
        guard let key = try self.installationKey() else {
            throw ConfigurationErrors(["\(Self.installationKeyFlag): is not set"])
        }
        return .key(key)
    }

    private static let installationKeyFlag = "--installation-key-file"

    /// The installation's key, where it has one.
    func installationKey() throws(ConfigurationErrors) -> [UInt8]? {
        guard let path = self.installationKeyFile else { return nil }
        let key = try KeyFile.bytes(path, of: Self.installationKeyFlag)
        guard key.count >= WireSecurity.keyBytesMin else {
            throw ConfigurationErrors([
                "\(Self.installationKeyFlag): \(path) is shorter than \(WireSecurity.keyBytesMin) bytes"
            ])
        }
        return key
    }
}

extension WireSettings.TLSFiles {
    static let certificateFlag = "--tls-certificate-file"
    static let keyFlag = "--tls-key-file"
    static let authorityFlag = "--tls-authority-file"

    fileprivate var flags: [(path: String, flag: String)] {
        [(self.certificate, Self.certificateFlag), (self.key, Self.keyFlag), (self.authority, Self.authorityFlag)]
    }
}
