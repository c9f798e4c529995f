internal import IdentityDomain
internal import Mail
internal import Vocabulary

extension Mails {
    private static let template = MailTemplate(
        subject: "Your second factor {{change}}",
        text: """
            Hello {{name}},

            the second factor of your sign-in {{change}}: on {{time}} (UTC).

            If you did not do this, change your password at once, and tell the owner of your organization.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>the second factor of your sign-in {{change}}: on {{time}} (UTC).</p>
            <p>If you did not do this, change your password at once, and tell the owner of your organization.</p>
            """
    )

    /// Tells a person what somebody who is not them may have done.
    func secondFactor(of user: CrossTenant.User, _ change: SecondFactorNotices.Change, at now: Instant) throws -> Mail {
        let values = ["name": user.name, "time": Self.minute(now), "change": change.words]
        return Mail(
            kind: "second_factor",
            to: MailAddress(try EmailAddress(user.email), name: user.name),
            Self.template.render(values),
            expiresAt: now.advanced(bySeconds: Self.noticeSeconds)
        )
    }
}
