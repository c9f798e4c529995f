internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A colleague who has been asked to join, as those see it who manage members.
    static let invitation: Resource = {
        var resource = Resource(
            service: "identity",
            name: "invitation",
            plural: "invitations",
            table: "invitation",
            fields: [
                .email("email").required().filterable().untold().example("grace@example.com"),
                .choice("role", Role.self).required(),
                .choice("status", Invitation.Status.self).readOnly().filterable(),
                .instant("expires_at").readOnly().described("Until when the link in the mail is good."),
                .identifier("invited_by").readOnly().described("The person or the API key."),
                .identifier("member_id").nullable().readOnly().described("What they have become, once they accepted."),
            ]
        )
        // Hexadecimal with a leading \x, as PostgreSQL reads and prints a bytea.
        resource.hidden = [.text("token_sha256", max: 66)]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        // The others are verbs: a mail goes with them.
        resource.actions = [.get, .list]
        resource.read = .manage("identity")
        return resource
    }()
}

extension Invitation {
    /// Restores an invitation from its row.
    init(_ row: Row) throws {
        self.init(
            role: try Role(stored: try row.text("role")),
            status: try Status(stored: try row.text("status")),
            expiresAt: try row.instant("expires_at")
        )
    }

    /// What of it changes by its moves.
    var values: Values {
        Values(["status": .text(self.status.rawValue), "expires_at": .instant(self.expiresAt)])
    }
}

extension Token {
    /// As a `bytea` column takes it.
    var sha256Value: Value { .text("\\x" + Hexadecimal.encode(self.sha256)) }
}
