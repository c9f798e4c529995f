internal import Contracts
internal import HTTP2
internal import ServiceKit
internal import Wire

/// All that the gateway can be told beside what every process can, read once before anything starts.
struct GatewaySettings: Sendable {
    let wire: WireSettings
    let http: Address
    /// `nil` where there is no certificate.
    let https: (address: Address, tls: HTTPServerTLS)?
    /// Between two looks at the files of the certificate.
    let certificateLookSeconds: Int
    private let hasHalfOfTLS: Bool
    let assertionPrivateKeyFile: String
    let origins: [String]
    let limits: RateLimits
    let edge: HTTPLimits
    let deadlineMilliseconds: Int
    let bodyBytesMax: Int
    /// How long readiness waits for every service before it is content with identity alone.
    let patienceSeconds: Int
    /// `nil` where `/docs` has nothing to show.
    let documentationDirectory: String?
    let hasMailbox: Bool

    static let bodyBytesMaxMax = WireLimits.standard.frameBytesMax - WireLimits.standard.headBytesMax - 16

    static var settings: [Setting] {
        let limits = RateLimits()
        return [
            Setting("http.host", .text, default: "127.0.0.1", "Address for HTTP/2 and HTTP/1.1 without TLS."),
            Setting("http.port", .number(0...65_535), default: "8080", "Port for HTTP/2 and HTTP/1.1 without TLS."),
            Setting("https.host", .text, default: "127.0.0.1", "Address for TLS."),
            Setting(
                "https.port",
                .number(0...65_535),
                default: "8443",
                "Port for TLS; used where there is a certificate."
            ),
            Setting("https.certificate-file", .text, "PEM file with the certificate that clients see, and its chain."),
            Setting("https.key-file", .text, "PEM file with its private key."),
            Setting(
                "https.look-seconds",
                .number(1...86_400),
                default: "10",
                "Between two looks whether certificate and key have become others."
            ),
            Setting(
                "assertion.private-key-file",
                .text,
                required: true,
                "File with the Ed25519 key that signs assertions: 32 bytes, raw or in hexadecimal."
            ),
            Setting("cors.origins", .paths, "Origins whose pages may call, divided by commas: https://app.example."),
            Setting(
                "request.deadline-milliseconds",
                .number(1...60_000),
                default: "10000",
                "The longest a request may take."
            ),
            Setting(
                "request.body-bytes-max",
                .number(1...self.bodyBytesMaxMax),
                default: String(self.bodyBytesMaxMax),
                "The largest request body."
            ),
            Setting(
                "ready.patience-seconds",
                .number(0...600),
                default: "30",
                "Wait for all services before identity is enough."
            ),
            Setting(
                "docs.directory",
                .text,
                "Folder with swagger-ui.css and swagger-ui-bundle.js of Swagger UI 5, for /docs."
            ),
            Setting(
                "dev.mailbox",
                .flag,
                default: "false",
                "Show at /dev/mail what services keep instead of sending it; on loopback addresses only."
            ),
        ]
            + self.limit("credential", limits.credential, "one credential")
            + self.limit("organization", limits.organization, "one organization")
            + self.limit("address", limits.address, "one address without a valid credential")
            + EdgeLimit.all.map(\.setting)
            + WireSettings.settings
    }

    private static let perSecondMax = 1_000_000

    private static func limit(_ name: String, _ limit: RateLimit, _ whose: String) -> [Setting] {
        [
            Setting(
                "limit.\(name)-per-second",
                .number(1...self.perSecondMax),
                default: String(limit.perSecond),
                "Requests a second of \(whose)."
            ),
            Setting(
                "limit.\(name)-burst",
                .number(1...self.perSecondMax),
                default: String(limit.burst),
                "Requests at once of \(whose)."
            ),
        ]
    }

    init(_ values: SettingValues) {
        self.wire = WireSettings(values)
        self.http = Self.address("http", values)
        let (certificate, key) = (values.string("https.certificate-file"), values.string("https.key-file"))
        if let certificate, let key {
            self.https = (
                Self.address("https", values), HTTPServerTLS(certificateChainFile: certificate, privateKeyFile: key)
            )
        } else {
            self.https = nil
        }
        self.certificateLookSeconds = values.int("https.look-seconds") ?? 1
        self.hasHalfOfTLS = (certificate == nil) != (key == nil)
        self.assertionPrivateKeyFile = values.string("assertion.private-key-file") ?? ""
        self.origins = values.list("cors.origins")
        self.limits = RateLimits(
            credential: Self.limit("credential", values),
            organization: Self.limit("organization", values),
            address: Self.limit("address", values)
        )
        self.edge = EdgeLimit.limits(values)
        self.deadlineMilliseconds = values.int("request.deadline-milliseconds") ?? 1
        self.bodyBytesMax = values.int("request.body-bytes-max") ?? 1
        self.patienceSeconds = values.int("ready.patience-seconds") ?? 0
        self.documentationDirectory = values.string("docs.directory")
        self.hasMailbox = values.bool("dev.mailbox")
    }

    private static func address(_ name: String, _ values: SettingValues) -> Address {
        Address(host: values.string("\(name).host") ?? "127.0.0.1", port: values.int("\(name).port") ?? 0)
    }

    private static func limit(_ name: String, _ values: SettingValues) -> RateLimit {
        RateLimit(perSecond: values.int("limit.\(name)-per-second") ?? 1, burst: values.int("limit.\(name)-burst") ?? 1)
    }

    /// A scheme, a host and perhaps a port, and nothing behind them.
    private static func isOrigin(_ text: String) -> Bool {
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count)
            return !host.isEmpty && !host.contains("/") && !host.contains("*") && host == host.lowercased()
        }
        return false
    }
}

// MARK: - Files

extension GatewaySettings {
    private static let keyFileBytesMax = 4_096

    /// Everything that is wrong between the settings and with the files they name.
    var problems: [String] {
        var problems = self.wire.problems()
        if self.hasHalfOfTLS {
            problems.append("--https-certificate-file and --https-key-file: set both or none")
        }
        if let tls = self.https?.tls {
            let files = [
                (tls.certificateChainFile, "--https-certificate-file"), (tls.privateKeyFile, "--https-key-file"),
            ]
            for (path, flag) in files {
                problems += ConfigurationErrors.problems { () throws(ConfigurationErrors) in
                    _ = try KeyFile.text(path, of: flag)
                }
            }
        }
        if self.hasMailbox, !self.http.isLoopback || self.https?.address.isLoopback == false {
            problems.append("--dev-mailbox: whoever can read it can be anybody; it is for loopback addresses only")
        }
        problems += ConfigurationErrors.problems { () throws(ConfigurationErrors) in _ = try self.documentation() }
        for origin in self.origins where !Self.isOrigin(origin) {
            problems.append("--cors-origins: \(origin) is no origin; https://app.example is one")
        }
        // That it is set at all is the setting's own business.
        if !self.assertionPrivateKeyFile.isEmpty {
            problems += ConfigurationErrors.problems { () throws(ConfigurationErrors) in _ = try self.signer() }
        }
        return problems
    }

    /// Reads the files of `/docs`.
    func documentation() throws(ConfigurationErrors) -> Documentation? {
        guard let directory = self.documentationDirectory else { return nil }
        return try Documentation(directory: directory)
    }

    /// Reads the signing key: 32 raw bytes, or 64 hexadecimal digits as `openssl` and `od` write them.
    func signer() throws(ConfigurationErrors) -> AssertionSigner {
        let flag = "--assertion-private-key-file"
        let bytes: [UInt8]
        do {
            bytes = try TextFile.bytes(self.assertionPrivateKeyFile, bytesMax: Self.keyFileBytesMax)
        } catch {
            throw ConfigurationErrors(["\(flag): cannot read \(self.assertionPrivateKeyFile): \(error)"])
        }
        do {
            return try AssertionSigner(privateKey: Self.key(in: bytes))
        } catch {
            throw ConfigurationErrors(["\(flag): \(self.assertionPrivateKeyFile): \(error)"])
        }
    }

    private static let keyBytes = 32

    static func key(in bytes: [UInt8]) -> [UInt8] {
        guard bytes.count != self.keyBytes else { return bytes }
        var key: [UInt8] = []
        var high: UInt8?
        for byte in bytes {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { continue }
            if let first = high {
                key.append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        return key
    }
}
