-- Invitations' mails are counted too: by the organization that sends them, and by the address they go to.
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt__kind_check;
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt__kind_check CHECK (kind IN (
    'address', 'account_network', 'account', 'mail_address', 'mail_account', 'invitations_of', 'invitations_to'
));

-- A member has so many sessions at a time: whoever signs in again and again loses the oldest.
ALTER TABLE session DROP CONSTRAINT session__ended_because_check;
ALTER TABLE session ADD CONSTRAINT session__ended_because_check CHECK (ended_because IN (
    'signed_out', 'ended', 'switched', 'refresh_reused', 'member_removed', 'member_deactivated', 'password_changed', 'displaced'
));
CREATE INDEX session_live_by_member ON session (organization_id, member_id, expires_at) WHERE ended_at IS NULL;
