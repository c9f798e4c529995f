internal import Contracts
internal import IdentityDomain
internal import Mail
internal import Vocabulary

extension Mails {
    private static let template = MailTemplate(
        subject: "A new sign-in",
        text: """
            Hello {{name}},

            somebody has signed in as you from where you have not signed in before: on {{time}} (UTC), from the network address
            {{address}}, with {{program}}.

            If that was you, there is nothing to do. If it was not, change your password at once: that ends all sessions but your own.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>somebody has signed in as you from where you have not signed in before: on {{time}} (UTC), from the network address
            {{address}}, with {{program}}.</p>
            <p>If that was you, there is nothing to do. If it was not, change your password at once: that ends all sessions but your own.</p>
            """
    )

    /// Programs say more of themselves than a mail need repeat.
    private static let programLengthMax = 120

    /// Tells a person that somebody, who is probably them, has signed in from elsewhere.
    func newDevice(of user: CrossTenant.User, _ context: CallContext) throws -> Mail {
        let values = [
            "name": user.name, "time": Self.minute(context.wallTime), "address": context.remoteAddress ?? "unknown",
            "program": String((context.userAgent ?? "an unknown program").prefix(Self.programLengthMax)),
        ]
        return Mail(
            kind: "new_device",
            to: MailAddress(try EmailAddress(user.email), name: user.name),
            Self.template.render(values),
            expiresAt: context.wallTime.advanced(bySeconds: Self.noticeSeconds)
        )
    }
}
