internal import Contracts
public import Vocabulary

/// A mail that somebody is to get.
public struct Mail: Hashable, Sendable {
    /// What it is about, as logs name it: `invitation`.
    public let kind: String
    public let recipient: MailAddress
    public let content: MailContent
    /// From when on it is of no use any more.
    public let expiresAt: Instant

    public init(kind: String, to recipient: MailAddress, _ content: MailContent, expiresAt: Instant) {
        self.kind = kind
        self.recipient = recipient
        self.content = content
        self.expiresAt = expiresAt
    }
}

/// What of a mail is encrypted while it waits.
struct MailLetter: Hashable, Sendable {
    let recipient: MailAddress
    let content: MailContent

    struct Malformed: Error {}

    init(recipient: MailAddress, content: MailContent) {
        self.recipient = recipient
        self.content = content
    }

    var json: JSON {
        [
            "to": .string(self.recipient.address), "name": self.recipient.name.map(JSON.string) ?? .null,
            "subject": .string(self.content.subject), "text": .string(self.content.text),
            "html": .string(self.content.html),
        ]
    }

    init(_ json: JSON) throws(Malformed) {
        guard let address = json["to"]?.string, let recipient = MailAddress(address, name: json["name"]?.string),
            let subject = json["subject"]?.string, let text = json["text"]?.string, let html = json["html"]?.string
        else { throw Malformed() }
        self.recipient = recipient
        self.content = MailContent(subject: subject, text: text, html: html)
    }
}
