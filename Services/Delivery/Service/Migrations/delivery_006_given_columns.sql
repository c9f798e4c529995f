-- What a row leaves empty is not indexed: an index that begins with such a column holds the rows that give it. No filter asks for nothing.

DROP INDEX engagement__external_id_key;
CREATE UNIQUE INDEX engagement__external_id_key ON engagement (organization_id, external_id) WHERE external_id IS NOT NULL;
DROP INDEX engagement_by_client;
CREATE INDEX engagement_by_client ON engagement (organization_id, client_company_id, created_at, id) WHERE client_company_id IS NOT NULL;
DROP INDEX engagement_by_closing;
CREATE INDEX engagement_by_closing ON engagement (organization_id, closed_at, id) WHERE closed_at IS NOT NULL;
DROP INDEX engagement_by_contact;
CREATE INDEX engagement_by_contact ON engagement (organization_id, contact_id, created_at, id) WHERE contact_id IS NOT NULL;
DROP INDEX engagement_by_deal;
CREATE INDEX engagement_by_deal ON engagement (organization_id, deal_id, created_at, id) WHERE deal_id IS NOT NULL;
DROP INDEX engagement_by_owner;
CREATE INDEX engagement_by_owner ON engagement (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL;
DROP INDEX engagement_by_proposal;
CREATE INDEX engagement_by_proposal ON engagement (organization_id, proposal_id, created_at, id) WHERE proposal_id IS NOT NULL;

DROP INDEX milestone__external_id_key;
CREATE UNIQUE INDEX milestone__external_id_key ON milestone (organization_id, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX milestone_by_due_date;
CREATE INDEX milestone_by_due_date ON milestone (organization_id, due_on, id) WHERE due_on IS NOT NULL AND deleted_at IS NULL;

DROP INDEX project__external_id_key;
CREATE UNIQUE INDEX project__external_id_key ON project (organization_id, external_id) WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX project_by_due_date;
CREATE INDEX project_by_due_date ON project (organization_id, due_on, id) WHERE due_on IS NOT NULL AND deleted_at IS NULL;
DROP INDEX project_by_owner;
CREATE INDEX project_by_owner ON project (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX project_by_start;
CREATE INDEX project_by_start ON project (organization_id, starts_on, id) WHERE starts_on IS NOT NULL AND deleted_at IS NULL;
DROP INDEX project_by_template;
CREATE INDEX project_by_template ON project (organization_id, project_template_id, created_at, id)
    WHERE project_template_id IS NOT NULL AND deleted_at IS NULL;

DROP INDEX project_template__external_id_key;
CREATE UNIQUE INDEX project_template__external_id_key ON project_template (organization_id, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;

DROP INDEX task__external_id_key;
CREATE UNIQUE INDEX task__external_id_key ON task (organization_id, external_id) WHERE external_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX task_by_assignee;
CREATE INDEX task_by_assignee ON task (organization_id, assignee_id, created_at, id) WHERE assignee_id IS NOT NULL AND deleted_at IS NULL;
DROP INDEX task_by_completion;
CREATE INDEX task_by_completion ON task (organization_id, completed_at, id) WHERE completed_at IS NOT NULL AND deleted_at IS NULL;
DROP INDEX task_by_due_date;
CREATE INDEX task_by_due_date ON task (organization_id, due_on, id) WHERE due_on IS NOT NULL AND deleted_at IS NULL;
DROP INDEX task_by_milestone;
CREATE INDEX task_by_milestone ON task (organization_id, milestone_id, created_at, id)
    WHERE milestone_id IS NOT NULL AND deleted_at IS NULL;

DO $$
BEGIN
    ASSERT NOT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[1]
        WHERE i.indrelid::regclass::text IN ('engagement', 'milestone', 'project', 'project_template', 'task')
            AND NOT a.attnotnull AND i.indpred IS NULL AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    ), 'an index that begins with what may be empty is partial';
END
$$;
