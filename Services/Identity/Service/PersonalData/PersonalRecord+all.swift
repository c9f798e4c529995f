internal import Postgres

extension PersonalRecord {
    /// Who stands where a person stood who was forgotten; the domain of their address is one that can be nobody's (RFC 2606).
    private static let nobody: SQL = "name = 'Erased person'"

    private static let memberships: SQL = "(SELECT organization_id, id FROM organization_member WHERE user_id = $1)"
    private static let organizations: SQL = "(SELECT organization_id FROM organization_member WHERE user_id = $1)"
    private static let address: SQL = "(SELECT email FROM app_user WHERE id = $1)"
    private static let ofMembership: SQL = "(organization_id, member_id) IN " + Self.memberships

    /// Everything, in the order in which it is forgotten: what others are found by comes last.
    static let all: [PersonalRecord] = [
        PersonalRecord(
            "session_token",
            "session_token",
            where: "(organization_id, session_id) IN (SELECT organization_id, id FROM session WHERE "
                + Self.ofMembership
                + ")",
            by: "encode(sha256(token_sha256), 'hex')",
            withholding: ["token_sha256", "successor_sealed"],
            .deletion
        ),
        PersonalRecord(
            "session",
            "session",
            where: Self.ofMembership,
            .change("remote_address = NULL, user_agent = NULL"),
            keptBecause: "That there was a session is known for 30 days after its time, by its number."
        ),
        PersonalRecord("sign_in", "sign_in_history", where: "user_id = $1", .deletion),
        PersonalRecord("failed_sign_in", "sign_in_failure", where: "user_id = $1", .deletion),
        PersonalRecord(
            "password_reset",
            "password_reset",
            where: "user_id = $1",
            by: "encode(sha256(token_sha256), 'hex')",
            withholding: ["token_sha256"],
            .deletion
        ),
        PersonalRecord(
            "password_reset_request",
            "password_reset_request",
            where: "email = " + Self.address,
            .deletion
        ),
        PersonalRecord(
            "recovery_code",
            "recovery_code",
            where: "user_id = $1",
            by: "number::text",
            withholding: ["code_hash", "pepper_kid"],
            .deletion
        ),
        PersonalRecord(
            "second_factor",
            "second_factor",
            where: "user_id = $1",
            by: "user_id::text",
            withholding: ["secret_sealed", "last_step"],
            .deletion
        ),
        PersonalRecord(
            "api_key_network",
            "api_key_network",
            where: "(organization_id, api_key_id) IN (SELECT organization_id, id FROM api_key WHERE "
                + Self.ofMembership
                + ")",
            by: "api_key_id || ' ' || network",
            .deletion
        ),
        PersonalRecord(
            "api_key",
            "api_key",
            where: Self.ofMembership,
            withholding: ["token_sha256", "former_token_sha256"],
            .nothing,
            keptBecause: "Keys belong to the organization, which has to know what was done with them. They are revoked."
        ),
        PersonalRecord(
            "invitation",
            "invitation",
            where: "organization_id IN " + Self.organizations + " AND (email = " + Self.address
                + " OR member_id IN (SELECT id FROM organization_member WHERE user_id = $1))",
            withholding: ["token_sha256"],
            .change("email = id || '@erased.invalid'"),
            keptBecause: "That somebody was invited, and by whom, is the organization's record. It does not say whom."
        ),
        PersonalRecord(
            "security_event",
            "security_event",
            where: "organization_id IN " + Self.organizations + " AND (user_id = $1 OR actor_id = $1)",
            .change("network = NULL, detail = detail - 'user_agent'"),
            keptBecause:
                "The organization must be able to investigate and to defend claims (GDPR article 17(3)(e)): for 400 days, by a number "
                + "and without networks or devices."
        ),
        PersonalRecord(
            "request",
            "idempotency_key",
            where: "organization_id IN " + Self.organizations + " AND principal = $1",
            by: "organization_id || ' ' || operation || ' ' || key",
            withholding: ["request_hash", "body"],
            .deletion
        ),
        PersonalRecord(
            "erasure",
            "user_erasure",
            where: "user_id = $1",
            .nothing,
            keptBecause: "That you were forgotten, and what was kept, must be possible to show (GDPR article 5(2))."
        ),
        PersonalRecord(
            "membership",
            "organization_member",
            where: "user_id = $1",
            .change(Self.nobody + ", email = user_id || '@erased.invalid'"),
            keptBecause:
                "What you did in an organization stays in its books and its timeline under this number, without your name: commercial "
                + "and tax law has it keep them (GDPR article 17(3)(b))."
        ),
        PersonalRecord(
            "user",
            "app_user",
            where: "id = $1",
            withholding: ["password_hash", "pepper_kid"],
            .change(
                Self.nobody
                    + """
                    , email = id || '@erased.invalid', password_hash = NULL, pepper_kid = NULL, password_set_at = NULL,
                        status = 'erased'
                    """
            ),
            keptBecause: "The number itself, to which the rest refers."
        ),
    ]

    /// The other tables of this service, and why a person is in none of them.
    static let impersonal: [String: String] = [
        "organization": "is the firm",
        "integration_token": "belongs to the firm",
        "credential_revocation": "ids, for minutes",
        "sign_in_attempt": "digests, for a quarter of an hour",
        "known_device": "digests; erasure deletes those that it can compute, the others are of random bits",
        "mail_task": "encrypted, until it is sent; erasure deletes those to the person's address",
        "outbox_event": "ids: no field of a person is told in an event",
        "parked_event": "events of other services; this one has no consumer",
        "outbox_epoch": "the log's own",
        "event_cursor": "the log's own",
        "event_lease": "the log's own",
        "event_applied": "the log's own",
        "schema_migration": "the schema's own",
    ]
}
