internal import IdentityDomain
internal import Mail
internal import Vocabulary

extension Mails {
    private static let template = MailTemplate(
        subject: "Your account {{change}}",
        text: """
            Hello {{name}},

            your account {{change}}: on {{time}} (UTC).

            {{more}}

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>your account {{change}}: on {{time}} (UTC).</p>
            <p>{{more}}</p>
            """
    )

    /// Tells a person what becomes of their wish to be forgotten, which somebody else may have made.
    func erasure(of user: CrossTenant.User, _ erasure: UserErasure, at now: Instant) throws -> Mail {
        let status = erasure.state.status
        let values = [
            "name": user.name, "time": Self.minute(now), "change": status.words,
            "more": status.advice(dueAt: Self.minute(erasure.state.dueAt)),
        ]
        return Mail(
            kind: "erasure",
            to: MailAddress(try EmailAddress(user.email), name: user.name),
            Self.template.render(values),
            expiresAt: now.advanced(bySeconds: Self.noticeSeconds)
        )
    }
}

extension Erasure.Status {
    fileprivate var words: String {
        switch self {
        case .scheduled: "is going to be erased"
        case .withdrawn: "stays"
        case .refused: "could not be erased"
        case .done: "was erased"
        }
    }

    fileprivate func advice(dueAt: String) -> String {
        switch self {
        case .scheduled:
            "This was asked for just now, and happens on \(dueAt) (UTC) unless it is withdrawn before. If you did not ask for it, "
                + "change your password at once and withdraw it."
        case .withdrawn: "Its erasure was withdrawn. If that was not you, change your password at once."
        case .refused: "You are the only owner of an organization. Make somebody else owner there, and ask again."
        case .done: "This is the last mail that you get from us."
        }
    }
}
