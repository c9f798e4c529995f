/// One thing that can be configured: where it may come from, what it must look like, and what it is if nobody says.
///
/// The key `pool.read-connections` is `--pool-read-connections` on the command line, `POOL_READ_CONNECTIONS` in the
/// environment, and `{"pool": {"read-connections": 4}}` in the file.
public struct Setting: Sendable {
    /// What a value must look like.
    public enum Kind: Hashable, Sendable {
        case text
        case number(ClosedRange<Int>)
        case flag
        case choice([String])
        /// A list divided by commas; each is `host:port`.
        case addresses
        /// A list of paths divided by commas.
        case paths
    }

    public let key: String
    public let kind: Kind
    /// What it is if nobody says. `nil`: it is not set.
    public let defaultText: String?
    public let isSecret: Bool
    public let isRequired: Bool
    public let help: String

    public init(
        _ key: String,
        _ kind: Kind,
        default defaultText: String? = nil,
        secret isSecret: Bool = false,
        required isRequired: Bool = false,
        _ help: String
    ) {
        self.key = key
        self.kind = kind
        self.defaultText = defaultText
        self.isSecret = isSecret
        self.isRequired = isRequired
        self.help = help
    }

    var components: [String] { self.key.split(separator: ".").map(String.init) }

    /// The option on the command line.
    public var flag: String { "--" + self.components.joined(separator: "-") }

    /// The variable in the environment.
    public var variable: String {
        String(self.key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }

    /// A secret may also be given as the path of a file that holds it, as container platforms mount them.
    var fileSetting: Setting {
        Setting(self.key + "-file", .text, "Path of a file that holds \(self.flag).")
    }

    /// Why `text` is no value for this setting, or `nil` if it is one.
    func complaint(about text: String) -> String? {
        switch self.kind {
        case .text:
            return text.isEmpty ? "must not be empty" : nil
        case .flag:
            return ["true", "false"].contains(text) ? nil : "must be true or false"
        case .number(let range):
            guard let number = Int(text), range.contains(number) else {
                return "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            }
            return nil
        case .choice(let choices):
            return choices.contains(text) ? nil : "must be one of \(choices.joined(separator: ", "))"
        case .addresses:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            return parts.allSatisfy { Address(String($0)) != nil }
                ? nil : "must be host:port, or several divided by commas"
        case .paths:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            return parts.allSatisfy { !$0.isEmpty } ? nil : "must be a path, or several divided by commas"
        }
    }
}

/// Where a process listens.
public struct Address: Hashable, Sendable, LosslessStringConvertible {
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[v6]:port`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }

    public var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    /// Whether only processes of this machine can reach it.
    public var isLoopback: Bool { self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.") }
}
