internal import IdentityDomain
internal import Mail
internal import Vocabulary

/// The mails that this service writes: each is a template with its values, in a file of its own. They are sent by ``MailSender`` once
/// the transaction that wrote them has committed.
struct Mails: Sendable {
    let tasks: MailTasks
    /// What their links begin with.
    let linkBase: String

    /// How long a notice is of use.
    static let noticeSeconds: Int64 = 3 * 86_400

    /// As people read it: `2026-11-23, 15:54`.
    static func minute(_ now: Instant) -> String {
        now.description.prefix(16).split(separator: "T").joined(separator: ", ")
    }

    /// A page of the application, with a secret in the fragment: what stands there is sent to no server and written into no log.
    func link(_ page: String, _ token: Token) -> String { "\(self.linkBase)/\(page)#\(token.text)" }
}

extension MailAddress {
    /// Addresses that are stored here have passed ``EmailAddress``, whose form is narrower.
    init(_ email: EmailAddress, name: String?) {
        guard let address = MailAddress(email.description, name: name) else {
            preconditionFailure("an e-mail address of ours is none for mail")
        }
        self = address
    }
}
