/// How the mail server is reached.
public struct SMTPConfiguration: Sendable {
    /// Whether and when a connection is encrypted. There is no "if possible": whoever is in between would say that it is not.
    public enum Encryption: String, CaseIterable, Sendable {
        /// STARTTLS, without which nothing is sent.
        case starttls
        /// From the first byte, as on port 465.
        case implicit
        case none
    }

    /// Who we are to the mail server.
    public struct Credentials: Hashable, Sendable {
        public let user: String
        public let password: String

        public init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    public var host: String
    public var port: Int
    public var encryption: Encryption
    public var credentials: Credentials?
    /// PEM of the authorities that are believed instead of the system's.
    public var authorities: [UInt8]?
    /// What this machine calls itself.
    public var clientName = "localhost"

    public var connectSecondsMax: Int64 = 10
    /// For each reply but the last one.
    public var replySecondsMax: Int64 = 30
    /// For the reply to a whole mail: whoever gives up earlier sends it twice.
    public var acceptanceSecondsMax: Int64 = 120
    /// For everything that is sent over one connection.
    public var sessionSecondsMax: Int64 = 240

    public init(host: String, port: Int, encryption: Encryption) {
        self.host = host
        self.port = port
        self.encryption = encryption
    }
}

/// A mail and between whom it goes.
public struct SMTPEnvelope: Hashable, Sendable {
    public let sender: MailAddress
    public let recipient: MailAddress
    /// The whole message in lines that end with CRLF.
    public let message: [UInt8]

    public init(_ message: MailMessage) {
        self.init(from: message.sender, to: message.recipient, message.bytes)
    }

    init(from sender: MailAddress, to recipient: MailAddress, _ message: [UInt8]) {
        self.sender = sender
        self.recipient = recipient
        self.message = message
    }
}

/// What became of a mail. The texts hold no address.
public enum SMTPDelivery: Hashable, Sendable {
    /// The server has taken it over.
    case accepted
    /// It will never be taken.
    case refused(String)
    /// It was not taken, or nobody knows: to be tried again.
    case postponed(String)
}
