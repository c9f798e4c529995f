-- Contracts that bill by milestones: their terms, and the one invoice of each milestone.

CREATE TABLE milestone_terms (
    organization_id uuid NOT NULL,
    engagement_id uuid NOT NULL,
    currency text NOT NULL,
    payment_terms_days integer NOT NULL,
    tax_rate text NOT NULL,
    auto text NOT NULL CONSTRAINT milestone_terms__auto_check CHECK (auto IN ('draft', 'finalize', 'send')),
    PRIMARY KEY (organization_id, engagement_id)
);
COMMENT ON TABLE milestone_terms IS 'By what an engagement''s milestones are billed, as its contract was signed; never changed.';
CALL app_protect('milestone_terms');

ALTER TABLE invoice ADD COLUMN milestone_id uuid;
-- Deleting a draft does not bill its milestone again, so deleted rows count.
CREATE UNIQUE INDEX invoice__milestone_id_key ON invoice (organization_id, milestone_id);

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename = 'milestone_terms') = 1, 'the table of this migration is protected';
END
$$;
