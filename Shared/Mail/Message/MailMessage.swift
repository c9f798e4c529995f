public import Vocabulary

/// What a mail says: once as text and once as HTML, for readers of either kind.
public struct MailContent: Hashable, Sendable {
    public let subject: String
    public let text: String
    public let html: String

    public init(subject: String, text: String, html: String) {
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// A mail as it goes over the wire.
public struct MailMessage: Hashable, Sendable {
    /// Becomes the Message-ID: a mail that is sent twice is known as one.
    public let id: Identifier
    public let sender: MailAddress
    public let recipient: MailAddress
    public let content: MailContent
    public let date: Instant

    public init(
        id: Identifier,
        from sender: MailAddress,
        to recipient: MailAddress,
        _ content: MailContent,
        at date: Instant
    ) {
        self.id = id
        self.sender = sender
        self.recipient = recipient
        self.content = content
        self.date = date
    }

    /// The whole message (RFC 5322) in lines of ASCII that end with CRLF, `multipart/alternative`.
    public var bytes: [UInt8] {
        // Quoted-printable writes "=" as "=3D", so that this stands nowhere in a part.
        let boundary = "=_\(self.id)"
        let headers = [
            "Date: \(MailDate.text(self.date))",
            "From: \(self.sender.headerValue)",
            "To: \(self.recipient.headerValue)",
            "Message-ID: <\(self.id)@\(self.sender.domain)>",
            "Subject: \(HeaderText.unstructured(self.content.subject))",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative; boundary=\"\(boundary)\"",
        ]
        var bytes = Array((headers.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        for (subtype, text) in [("plain", self.content.text), ("html", self.content.html)] {
            bytes += Array("--\(boundary)\r\nContent-Type: text/\(subtype); charset=utf-8\r\n".utf8)
            bytes += Array("Content-Transfer-Encoding: quoted-printable\r\n\r\n".utf8)
            bytes += QuotedPrintable.encode(text)
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }
}
