internal import IdentityDomain
internal import Mail
internal import Vocabulary

extension Mails {
    private static let template = MailTemplate(
        subject: "{{inviter}} invites you to {{organization}}",
        text: """
            Hello,

            {{inviter}} invites you to work with {{organization}} on Throughline, as {{role}}. Join within {{hours}} hours:

            {{link}}

            If you do not know what this is about, there is nothing to do.

            """,
        html: """
            <p>Hello,</p>
            <p>{{inviter}} invites you to work with {{organization}} on Throughline, as {{role}}. Join within {{hours}} hours:</p>
            <p><a href="{{link}}">Join {{organization}}</a></p>
            <p>If you do not know what this is about, there is nothing to do.</p>
            """
    )

    /// The link with which somebody joins.
    ///
    /// - Parameter inviter: `nil` where a program invites.
    func invitation(
        to email: EmailAddress,
        organization: String,
        inviter: String?,
        role: Role,
        _ token: Token,
        expiresAt: Instant
    ) -> Mail {
        let values = [
            "inviter": inviter ?? organization, "organization": organization, "role": role.rawValue,
            "hours": "\(Invitation.lifetimeSeconds / 3_600)", "link": self.link("accept-invitation", token),
        ]
        return Mail(
            kind: "invitation",
            to: MailAddress(email, name: nil),
            Self.template.render(values),
            expiresAt: expiresAt
        )
    }
}
