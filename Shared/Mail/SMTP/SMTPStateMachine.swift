/// The client's side of one SMTP connection (RFC 5321), as values: it is told what arrives, and answers what to do. Mails go one after
/// the other; what becomes of each is said exactly once.
struct SMTPStateMachine {
    enum Action: Hashable {
        case write([UInt8])
        case startTLS
        case delivered(Int, SMTPDelivery)
        case close
    }

    private enum State: Hashable {
        case greeting
        case hello
        case startTLS
        case handshake
        /// What is still to be said, line by line, when the server asks on.
        case credentials([String])
        case sender(Int)
        /// With the refusal of the sender, where both were asked at once.
        case recipient(Int, SMTPReply?)
        case data(Int)
        case content(Int)
        /// Taking back a transaction that failed, before the mail of this number.
        case reset(Int)
        case farewell
        case closed
    }

    private let configuration: SMTPConfiguration
    private let mails: [SMTPEnvelope]
    private var extensions = SMTPExtensions()
    private var isEncrypted: Bool
    private var state = State.greeting
    private var deliveredCount = 0

    init(_ configuration: SMTPConfiguration, _ mails: [SMTPEnvelope]) {
        self.configuration = configuration
        self.mails = mails
        self.isEncrypted = configuration.encryption == .implicit
    }

    /// How long the next thing may take.
    var secondsMax: Int64 {
        if case .content = self.state { return self.configuration.acceptanceSecondsMax }
        return self.configuration.replySecondsMax
    }

    /// Whether the server's next bytes must come encrypted: what came before belongs to nobody.
    var isBetweenCleartextAndTLS: Bool { self.state == .handshake }

    // MARK: - What happens

    mutating func received(_ reply: SMTPReply) -> [Action] {
        // It says goodbye, whatever it was asked.
        if reply.code == 421, self.state != .farewell { return self.giveUp(reply.summary) }
        switch self.state {
        case .greeting:
            guard reply.code == 220 else { return self.giveUp(reply.summary) }
            return self.hello()
        case .hello:
            guard reply.code == 250 else { return self.giveUp(reply.summary) }
            self.extensions = SMTPExtensions(reply)
            return self.greeted()
        case .startTLS:
            guard reply.code == 220 else { return self.giveUp(reply.summary) }
            self.state = .handshake
            return [.startTLS]
        case .handshake:
            return self.giveUp("a reply came before encryption")
        case .credentials(let lines):
            return self.authenticating(lines, reply)
        case .sender(let number):
            return self.senderAnswered(number, reply)
        case .recipient(let number, let refusal):
            return self.recipientAnswered(number, refusal, reply)
        case .data(let number):
            guard reply.code == 354 else { return self.failed(number, reply) }
            self.state = .content(number)
            return [.write(Self.stuffed(self.mails[number].message))]
        case .content(let number):
            guard reply.isPositive else { return self.ended(number, Self.delivery(reply), resetting: false) }
            return self.ended(number, .accepted, resetting: false)
        case .reset(let number):
            guard reply.code == 250 else { return self.giveUp(reply.summary) }
            return self.begin(number)
        case .farewell:
            self.state = .closed
            return [.close]
        case .closed:
            return []
        }
    }

    /// The connection is encrypted from here on: what was said before is forgotten (RFC 3207, section 4.2).
    mutating func secured() -> [Action] {
        guard self.state == .handshake else { return [] }
        self.isEncrypted = true
        self.extensions = SMTPExtensions()
        return self.hello()
    }

    /// It cannot go on: what was not delivered is to be tried again.
    mutating func giveUp(_ reason: String) -> [Action] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        let rest = self.deliveredCount..<self.mails.count
        self.deliveredCount = self.mails.count
        return rest.map { .delivered($0, .postponed(reason)) } + [.close]
    }

    // MARK: - Getting to know each other

    private mutating func hello() -> [Action] {
        self.state = .hello
        return [.write(Self.line("EHLO \(self.configuration.clientName)"))]
    }

    private mutating func greeted() -> [Action] {
        if self.configuration.encryption == .starttls, !self.isEncrypted {
            guard self.extensions.startTLS else { return self.giveUp("the mail server offers no STARTTLS") }
            self.state = .startTLS
            return [.write(Self.line("STARTTLS"))]
        }
        guard let credentials = self.configuration.credentials else { return self.begin(0) }
        let (user, password) = (credentials.user, credentials.password)
        if self.extensions.mechanisms.contains("PLAIN") {
            self.state = .credentials([])
            let secret = Base64.encode([0] + Array(user.utf8) + [0] + Array(password.utf8))
            return [.write(Self.line("AUTH PLAIN \(secret)"))]
        }
        guard self.extensions.mechanisms.contains("LOGIN") else {
            return self.giveUp("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")
        }
        self.state = .credentials([Base64.encode(Array(user.utf8)), Base64.encode(Array(password.utf8))])
        return [.write(Self.line("AUTH LOGIN"))]
    }

    private mutating func authenticating(_ lines: [String], _ reply: SMTPReply) -> [Action] {
        if reply.code == 235 { return self.begin(0) }
        // A wrong password is our own mistake, not the mail's: it waits until somebody has put it right.
        guard reply.code == 334, let next = lines.first else { return self.giveUp("sign-in refused: \(reply.summary)") }
        self.state = .credentials(Array(lines.dropFirst()))
        return [.write(Self.line(next))]
    }

    // MARK: - One mail

    private mutating func begin(_ number: Int) -> [Action] {
        guard number < self.mails.count else {
            self.state = .farewell
            return [.write(Self.line("QUIT"))]
        }
        let mail = self.mails[number]
        let isInternational = mail.sender.isInternational || mail.recipient.isInternational
        guard !isInternational || self.extensions.utf8 else {
            self.deliveredCount = number + 1
            let refusal = Action.delivered(number, .refused("the mail server takes no addresses in other scripts"))
            return [refusal] + self.begin(number + 1)
        }
        let from = "MAIL FROM:<\(mail.sender.address)>" + (isInternational ? " SMTPUTF8" : "")
        self.state = .sender(number)
        return [.write(Self.line(from) + (self.extensions.pipelining ? self.recipientLine(number) : []))]
    }

    private func recipientLine(_ number: Int) -> [UInt8] {
        Self.line("RCPT TO:<\(self.mails[number].recipient.address)>")
    }

    private mutating func senderAnswered(_ number: Int, _ reply: SMTPReply) -> [Action] {
        // It wants a sign-in that was not configured: nothing is wrong with the mail.
        if reply.code == 530 { return self.giveUp(reply.summary) }
        if self.extensions.pipelining {
            self.state = .recipient(number, reply.isPositive ? nil : reply)
            return []
        }
        guard reply.isPositive else { return self.failed(number, reply) }
        self.state = .recipient(number, nil)
        return [.write(self.recipientLine(number))]
    }

    private mutating func recipientAnswered(_ number: Int, _ refusal: SMTPReply?, _ reply: SMTPReply) -> [Action] {
        guard refusal == nil, reply.isPositive else { return self.failed(number, refusal ?? reply) }
        self.state = .data(number)
        return [.write(Self.line("DATA"))]
    }

    private mutating func failed(_ number: Int, _ reply: SMTPReply) -> [Action] {
        guard reply.isTransient || reply.isPermanent else { return self.giveUp("unexpected reply \(reply.summary)") }
        return self.ended(number, Self.delivery(reply), resetting: true)
    }

    private mutating func ended(_ number: Int, _ delivery: SMTPDelivery, resetting: Bool) -> [Action] {
        self.deliveredCount = number + 1
        let next = number + 1
        guard resetting, next < self.mails.count else { return [.delivered(number, delivery)] + self.begin(next) }
        self.state = .reset(next)
        return [.delivered(number, delivery), .write(Self.line("RSET"))]
    }

    private static func delivery(_ reply: SMTPReply) -> SMTPDelivery {
        reply.isPermanent ? .refused(reply.summary) : .postponed(reply.summary)
    }

    // MARK: - Bytes

    private static func line(_ text: String) -> [UInt8] { Array(text.utf8) + [0x0D, 0x0A] }

    /// A line that begins with a dot is given another, so that none but the last is a dot alone (RFC 5321, section 4.5.2).
    static func stuffed(_ message: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.count + 16)
        var isLineStart = true
        for byte in message {
            if isLineStart, byte == UInt8(ascii: ".") { bytes.append(byte) }
            bytes.append(byte)
            isLineStart = byte == UInt8(ascii: "\n")
        }
        if !isLineStart { bytes += [0x0D, 0x0A] }
        return bytes + Array(".\r\n".utf8)
    }
}
