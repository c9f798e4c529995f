-- Mails that are to be sent: written in the transaction of what causes them, sent afterwards, once at least (the Message-ID is the
-- task's id). What a mail says, and to whom, is encrypted with a key that is not in the database, because the links in it are keys
-- themselves; it is deleted with the sending.
CREATE TABLE mail_task (
    id uuid PRIMARY KEY,
    -- NULL: the mail is to a person, whatever organizations they belong to.
    organization_id uuid,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT mail_task__state_check CHECK (state IN ('waiting', 'sent', 'refused', 'expired')),
    content_sealed bytea,
    attempts integer NOT NULL DEFAULT 0,
    -- When it is to be tried; whoever tries it puts this off first, so that it comes back if they die.
    due_at timestamptz NOT NULL,
    -- From when on it is of no use any more.
    expires_at timestamptz NOT NULL,
    -- What the mail server said last: codes, no addresses.
    outcome text,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT mail_task__content_sealed_check CHECK (state <> 'waiting' OR content_sealed IS NOT NULL),
    CONSTRAINT mail_task__ended_at_check CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX mail_task_by_due ON mail_task (due_at) WHERE state = 'waiting';
CREATE INDEX mail_task_by_end ON mail_task (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mail_task_by_age ON mail_task (created_at, id);
CALL app_protect_with_system('mail_task');

DO $$
BEGIN
    ASSERT (SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'mail_task'::regclass),
        'mails are protected';
END
$$;
