/// A server's reply: `250-first line`, `250 last line`.
struct SMTPReply: Hashable, Sendable {
    let code: Int
    let lines: [String]

    /// What may be kept and logged of it: the code and, where there is one, the enhanced status code (RFC 3463). The text behind them
    /// often has the recipient's address in it.
    var summary: String {
        let first = self.lines.first?.split(separator: " ").first ?? ""
        let parts = first.split(separator: ".", omittingEmptySubsequences: false)
        let isEnhanced =
            parts.count == 3 && parts.allSatisfy { (1...3).contains($0.count) && $0.allSatisfy(\.isNumber) }
        return isEnhanced ? "\(self.code) \(first)" : "\(self.code)"
    }

    var isPositive: Bool { (200..<300).contains(self.code) }
    /// The same may succeed later.
    var isTransient: Bool { (400..<500).contains(self.code) }
    var isPermanent: Bool { (500..<600).contains(self.code) }
}

/// Reads replies from bytes as they arrive.
struct SMTPReplyDecoder {
    static let lineBytesMax = 2_048
    static let linesMax = 128

    /// The peer does not speak SMTP.
    struct Malformed: Error, Hashable {}

    private var line: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []

    /// Whether nothing of a further reply has arrived.
    var isEmpty: Bool { self.line.isEmpty && self.lines.isEmpty }

    mutating func read(_ bytes: some Sequence<UInt8>) throws(Malformed) -> [SMTPReply] {
        var replies: [SMTPReply] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                self.line.append(byte)
                guard self.line.count <= Self.lineBytesMax else { throw Malformed() }
                continue
            }
            if self.line.last == UInt8(ascii: "\r") { self.line.removeLast() }
            if let reply = try self.take() { replies.append(reply) }
            self.line = []
        }
        return replies
    }

    private mutating func take() throws(Malformed) -> SMTPReply? {
        let digits = self.line.prefix(3)
        guard digits.count == 3, let code = Int(String(decoding: digits, as: UTF8.self)), (200..<600).contains(code),
            self.code == nil || self.code == code, self.lines.count < Self.linesMax
        else { throw Malformed() }
        let mark = self.line.count > 3 ? self.line[3] : UInt8(ascii: " ")
        guard mark == UInt8(ascii: " ") || mark == UInt8(ascii: "-") else { throw Malformed() }
        self.lines.append(String(decoding: self.line.dropFirst(4), as: UTF8.self))
        guard mark == UInt8(ascii: " ") else {
            self.code = code
            return nil
        }
        defer {
            self.code = nil
            self.lines = []
        }
        return SMTPReply(code: code, lines: self.lines)
    }
}

/// What a server has said that it can do.
struct SMTPExtensions: Hashable, Sendable {
    private(set) var startTLS = false
    private(set) var pipelining = false
    private(set) var utf8 = false
    private(set) var mechanisms: Set<String> = []

    init() {}

    init(_ reply: SMTPReply) {
        for line in reply.lines.dropFirst() {
            let words = line.uppercased().split { $0 == " " || $0 == "=" }.map(String.init)
            switch words.first {
            case "STARTTLS": self.startTLS = true
            case "PIPELINING": self.pipelining = true
            case "SMTPUTF8": self.utf8 = true
            case "AUTH": self.mechanisms.formUnion(words.dropFirst())
            default: break
            }
        }
    }
}
