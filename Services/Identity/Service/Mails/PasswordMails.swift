internal import IdentityDomain
internal import Mail
internal import Vocabulary

extension Mails {
    private static let reset = MailTemplate(
        subject: "Set a new password",
        text: """
            Hello {{name}},

            somebody asked for a new password for this address. If that was you, set it here within {{minutes}} minutes:

            {{link}}

            If it was not, there is nothing to do: your password stays as it is.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>somebody asked for a new password for this address. If that was you, set it within {{minutes}} minutes:</p>
            <p><a href="{{link}}">Set a new password</a></p>
            <p>If it was not, there is nothing to do: your password stays as it is.</p>
            """
    )

    /// A link with which a person sets a new password.
    func passwordReset(to email: EmailAddress, name: String, _ token: Token, expiresAt: Instant) -> Mail {
        let values = [
            "name": name, "link": self.link("reset-password", token),
            "minutes": "\(PasswordReset.lifetimeSeconds / 60)",
        ]
        return Mail(
            kind: "password_reset",
            to: MailAddress(email, name: name),
            Self.reset.render(values),
            expiresAt: expiresAt
        )
    }

    private static let changed = MailTemplate(
        subject: "Your password was changed",
        text: """
            Hello {{name}},

            your password was changed on {{time}} (UTC). All your other sessions have ended.

            If you did not do this, ask for a new password at once, and tell the owner of your organization.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>your password was changed on {{time}} (UTC). All your other sessions have ended.</p>
            <p>If you did not do this, ask for a new password at once, and tell the owner of your organization.</p>
            """
    )

    /// Tells a person what somebody who is not them may have done.
    func passwordChanged(of user: CrossTenant.User, at now: Instant) throws -> Mail {
        return Mail(
            kind: "password_changed",
            to: MailAddress(try EmailAddress(user.email), name: user.name),
            Self.changed.render(["name": user.name, "time": Self.minute(now)]),
            expiresAt: now.advanced(bySeconds: Self.noticeSeconds)
        )
    }
}
