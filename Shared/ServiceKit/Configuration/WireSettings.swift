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
    /// Ed25519 keys with which callers' assertions are verified; more than one while a key is exchanged.
    public let assertionPublicKeyFiles: [String]
    /// `nil` on the loopback only.
    public let tls: TLSFiles?

    /// The settings that describe the way to other services.
    public static var settings: [Setting] {
        ServiceDirectory.services.map { service in
            let address = ServiceDirectory.wirePort(of: service).map { "\(ServiceDirectory.loopback):\($0)" }
            return Setting("peer.\(service)", .addresses, default: address, "Addresses of \(service).")
        } + [
            Setting("installation.key-file", .text, "File with the key that the processes of one installation share."),
            Setting("assertion.public-key-files", .paths, "Files with the keys that verify callers' assertions."),
            Setting("tls.certificate-file", .text, "PEM file with this process' certificate."),
            Setting("tls.key-file", .text, "PEM file with its private key."),
            Setting("tls.authority-file", .text, "PEM file with the authority that signed every peer's certificate."),
        ]
    }

    /// - Parameter listening: where the process itself listens for Wire, if it does.
    public init(_ values: SettingValues, listening: Address? = nil) throws(ConfigurationErrors) {
        var problems: [String] = []
        self.peers = Dictionary(
            uniqueKeysWithValues: ServiceDirectory.services.map { ($0, values.addresses("peer.\($0)")) }
        )
        self.installationKeyFile = values.string("installation.key-file")
        self.assertionPublicKeyFiles = values.list("assertion.public-key-files")
        let files = ["tls.certificate-file", "tls.key-file", "tls.authority-file"].map { values.string($0) }
        if let certificate = files[0], let key = files[1], let authority = files[2] {
            self.tls = TLSFiles(certificate: certificate, key: key, authority: authority)
        } else {
            self.tls = nil
            if files.contains(where: { $0 != nil }) {
                problems.append(
                    "--tls-certificate-file, --tls-key-file and --tls-authority-file: set all three or none"
                )
            }
        }
        let remote = (self.peers.values.flatMap { $0 } + [listening].compactMap { $0 }).filter { !$0.isLoopback }
        if self.tls == nil, !remote.isEmpty {
            let list = remote.map(\.description).sorted().joined(separator: ", ")
            problems.append("--tls-certificate-file: is required, because \(list) is not on the loopback")
        }
        if self.tls == nil, self.installationKeyFile == nil {
            problems.append("--installation-key-file: is required without TLS; set it or INSTALLATION_KEY_FILE")
        }
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
    }
}
