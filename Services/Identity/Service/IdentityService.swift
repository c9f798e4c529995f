public import Contracts
internal import EventLog
internal import Mail
public import Postgres
internal import Resources

/// Everything the identity service serves, in one readable list.
public func identityRouter(_ parts: IdentityParts) -> Router {
    var router = parts.persistence.router(for: "identity")
    SignUps(parts: parts).register(in: &router)
    SignIns(parts: parts).register(in: &router)
    Mes(parts: parts).register(in: &router)
    SessionOperations(parts).register(in: &router)
    AuthenticationsAgain(parts: parts).register(in: &router)
    Refreshes(parts: parts).register(in: &router)
    Switches(parts: parts).register(in: &router)
    PasswordChanges(parts: parts).register(in: &router)
    PasswordResets(parts: parts).register(in: &router)
    SecondFactorOperations(parts: parts).register(in: &router)
    RecoveryCodeRenewals(parts: parts).register(in: &router)
    SecondFactorResets(parts: parts).register(in: &router)
    PersonalExports(parts: parts).register(in: &router)
    ErasureOperations(parts: parts).register(in: &router)
    Organizations(parts: parts).register(in: &router)
    SandboxClocks(parts: parts).register(in: &router)
    parts.persistence.serve(.member, in: &router)
    MemberAdditions(parts: parts).register(in: &router)
    MemberMoves(parts: parts).register(in: &router)
    MemberActivity(parts: parts).register(in: &router)
    OwnershipTransfers(parts: parts).register(in: &router)
    parts.persistence.serve(.invitation, in: &router)
    InvitationMoves(parts: parts).register(in: &router)
    InvitationAcceptances(parts: parts).register(in: &router)
    parts.persistence.serve(.apiKey, in: &router)
    APIKeys(parts).register(in: &router)
    KeyRotations(parts: parts).register(in: &router)
    IntegrationTokens(parts: parts).register(in: &router)
    Vault(parts: parts).register(in: &router)
    SecurityEvents.register(in: &router, parts.persistence)
    Credentials(parts: parts).register(in: &router)
    MailboxOperations(parts.mails.tasks, service: "identity").register(in: &router)
    return router
}

/// What the service is, for the process around it.
public enum Identity {
    public static let migrations =
        EventLog.migrations + MailTasks.migrations + [
            Migration("identity_001", PackageResources.identity_001_organizations_and_credentials_sql),
            Migration("identity_002", PackageResources.identity_002_passwords_by_mail_sql),
            Migration("identity_003", PackageResources.identity_003_invitations_sql),
            Migration("identity_004", PackageResources.identity_004_member_status_sql),
            Migration("identity_005", PackageResources.identity_005_invitation_ends_sql),
            Migration("identity_006", PackageResources.identity_006_second_factors_sql),
            Migration("identity_007", PackageResources.identity_007_bounds_sql),
            Migration("identity_010", PackageResources.identity_010_assurance_sql),
            Migration("identity_011", PackageResources.identity_011_second_factor_reset_sql),
            Migration("identity_012", PackageResources.identity_012_sign_in_attempts_sql),
            Migration("identity_020", PackageResources.identity_020_key_rotation_sql),
            Migration("identity_021", PackageResources.identity_021_security_events_sql),
            Migration("identity_022", PackageResources.identity_022_organization_settings_sql),
            Migration("identity_023", PackageResources.identity_023_integration_tokens_sql),
            Migration("identity_030", PackageResources.identity_030_browser_sessions_sql),
            Migration("identity_031", PackageResources.identity_031_session_ends_sql),
            Migration("identity_040", PackageResources.identity_040_names_of_users_sql),
            Migration("identity_041", PackageResources.identity_041_erasure_sql),
            Migration("identity_042", PackageResources.identity_042_sandbox_clocks_sql),
            Migration("identity_043", PackageResources.identity_043_device_attempts_sql),
        ]
}
