-- The hub of each signed contract, and the shapes that its projects are made from.

CREATE TABLE project_template (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    description text,
    milestones_template jsonb NOT NULL DEFAULT '[]',
    tasks_template jsonb NOT NULL DEFAULT '[]',
    external_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT project_template__milestones_template_check CHECK (jsonb_typeof(milestones_template) = 'array'),
    CONSTRAINT project_template__tasks_template_check CHECK (jsonb_typeof(tasks_template) = 'array')
);
CREATE UNIQUE INDEX project_template__external_id_key ON project_template (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX project_template_by_age ON project_template (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_template_by_change ON project_template (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_template_by_name ON project_template (organization_id, name, id) WHERE deleted_at IS NULL;
CALL app_protect('project_template');

CREATE TABLE engagement (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    status text NOT NULL CONSTRAINT engagement__status_check CHECK (status IN ('active', 'on_hold', 'completed', 'cancelled')),
    status_reason text,
    client_company_id uuid,
    contact_id uuid,
    contract_id uuid NOT NULL,
    contract_version_id uuid,
    deal_id uuid,
    proposal_id uuid,
    project_template_id uuid,
    currency text,
    total_minor bigint,
    starts_on date NOT NULL,
    billing jsonb,
    owner_id uuid,
    notes text,
    closed_at timestamptz,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT engagement__contract_id_key UNIQUE (organization_id, contract_id),
    CONSTRAINT engagement__closed_at_check CHECK ((status IN ('completed', 'cancelled')) = (closed_at IS NOT NULL))
);
COMMENT ON COLUMN engagement.project_template_id IS 'As the contract names it; it may name a template that is not there.';
CREATE UNIQUE INDEX engagement__external_id_key ON engagement (organization_id, external_id);
CREATE INDEX engagement_by_age ON engagement (organization_id, created_at, id);
CREATE INDEX engagement_by_change ON engagement (organization_id, updated_at, id);
CREATE INDEX engagement_by_status ON engagement (organization_id, status, created_at, id);
CREATE INDEX engagement_by_client ON engagement (organization_id, client_company_id, created_at, id);
CREATE INDEX engagement_by_contact ON engagement (organization_id, contact_id, created_at, id);
CREATE INDEX engagement_by_deal ON engagement (organization_id, deal_id, created_at, id);
CREATE INDEX engagement_by_proposal ON engagement (organization_id, proposal_id, created_at, id);
CREATE INDEX engagement_by_owner ON engagement (organization_id, owner_id, created_at, id);
CREATE INDEX engagement_by_start ON engagement (organization_id, starts_on, id);
CREATE INDEX engagement_by_closing ON engagement (organization_id, closed_at, id);
CALL app_protect('engagement');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('project_template', 'engagement')) = 2,
        'every table of this migration is protected';
END
$$;
