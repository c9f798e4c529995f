-- The order of a stage's deals on the board, and how long they stayed in it.

-- As BoardPosition has it: the last one that came is on top.
ALTER TABLE deal ADD COLUMN position bigint NOT NULL DEFAULT -(extract(epoch FROM now()) * 1000)::bigint * 2048;
-- The policy binds the table's owner too, so it is lifted for this one transaction.
ALTER TABLE deal NO FORCE ROW LEVEL SECURITY;
UPDATE deal SET position = -(extract(epoch FROM entered_stage_at) * 1000)::bigint * 2048;
ALTER TABLE deal FORCE ROW LEVEL SECURITY;
CREATE INDEX deal_by_position ON deal (organization_id, stage, position, id) WHERE deleted_at IS NULL;

CREATE INDEX deal_stage_history_by_end ON deal_stage_history (organization_id, left_at);

DO $$
BEGIN
    ASSERT (SELECT relforcerowsecurity FROM pg_class WHERE relname = 'deal'), 'deals are protected';
END
$$;
