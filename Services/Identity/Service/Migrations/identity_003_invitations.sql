-- Colleagues are invited by mail. Of the link only the SHA-256 is here.
CREATE TABLE invitation (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL CONSTRAINT invitation__role_check CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    status text NOT NULL CONSTRAINT invitation__status_check CHECK (status IN ('pending', 'accepted', 'revoked', 'expired')),
    token_sha256 bytea NOT NULL CONSTRAINT invitation__token_sha256_key UNIQUE CHECK (length(token_sha256) = 32),
    expires_at timestamptz NOT NULL,
    -- Who asked: a person or an API key.
    invited_by uuid NOT NULL,
    -- Who they have become.
    member_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT invitation__organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization (id),
    CONSTRAINT invitation__member_id_fkey FOREIGN KEY (organization_id, member_id) REFERENCES organization_member (organization_id, id),
    CONSTRAINT invitation__member_id_check CHECK ((status = 'accepted') = (member_id IS NOT NULL))
);
-- One at a time for an address: the second is sent again, rather than made.
CREATE UNIQUE INDEX invitation__email_key ON invitation (organization_id, email) WHERE status = 'pending';
CREATE INDEX invitation_by_age ON invitation (organization_id, created_at, id);
CREATE INDEX invitation_by_change ON invitation (organization_id, updated_at, id);
CREATE INDEX invitation_by_email ON invitation (organization_id, email, id);
CREATE INDEX invitation_by_status ON invitation (organization_id, status, created_at, id);
CREATE INDEX invitation_by_end ON invitation (expires_at) WHERE status = 'pending';
CALL app_protect_with_system('invitation');

DO $$
BEGIN
    ASSERT (SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'invitation'::regclass), 'invitations are protected';
END
$$;
