-- Passwords are changed, and reset by a link in a mail.

-- When a person's password was last set, for a session that is about to begin by an older one. Like identity_user_of: a door for one
-- value of a person whose id is known.
CREATE FUNCTION identity_password_set_at(person uuid) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $body$
DECLARE
    before text := coalesce(current_setting('app.system', true), '');
    found timestamptz;
BEGIN
    PERFORM set_config('app.system', 'on', true);
    SELECT password_set_at INTO found FROM app_user WHERE id = person;
    PERFORM set_config('app.system', before, true);
    RETURN found;
END $body$;

ALTER TABLE session DROP CONSTRAINT session__ended_because_check;
ALTER TABLE session ADD CONSTRAINT session__ended_because_check
    CHECK (ended_because IN ('signed_out', 'ended', 'switched', 'refresh_reused', 'member_removed', 'password_changed'));

-- Mails that somebody asks for are counted as attempts are: by who asks, and by whom they go to.
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt__kind_check;
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt__kind_check
    CHECK (kind IN ('address', 'account_network', 'account', 'mail_address', 'mail_account'));

-- An address that somebody has typed. Whether it is anybody's is looked up afterwards, when nobody waits for the answer: so there is
-- nothing to learn from how long that takes. Rows are here for about a second.
CREATE TABLE password_reset_request (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    requested_at timestamptz NOT NULL
);
CALL identity_protect_from_tenants('password_reset_request');

CREATE TABLE password_reset (
    token_sha256 bytea PRIMARY KEY CONSTRAINT password_reset__token_sha256_check CHECK (length(token_sha256) = 32),
    user_id uuid NOT NULL CONSTRAINT password_reset__user_id_fkey REFERENCES app_user (id),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX password_reset_by_user ON password_reset (user_id);
CREATE INDEX password_reset_by_end ON password_reset (expires_at);
CALL identity_protect_from_tenants('password_reset');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity
        AND relname IN ('password_reset_request', 'password_reset')) = 2, 'both tables are protected';
END
$$;
