-- Projects with their milestones and tasks, and which task waits for which.

CREATE TABLE project (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    engagement_id uuid NOT NULL,
    project_template_id uuid,
    name text NOT NULL,
    description text,
    status text NOT NULL DEFAULT 'not_started'
        CONSTRAINT project__status_check CHECK (status IN ('not_started', 'in_progress', 'completed', 'on_hold', 'cancelled')),
    status_reason text,
    starts_on date,
    due_on date,
    started_at timestamptz,
    closed_at timestamptz,
    owner_id uuid,
    external_id text,
    custom_fields jsonb NOT NULL DEFAULT '{}',
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT project__engagement_id_fkey FOREIGN KEY (organization_id, engagement_id) REFERENCES engagement (organization_id, id),
    CONSTRAINT project__project_template_id_fkey FOREIGN KEY (organization_id, project_template_id)
        REFERENCES project_template (organization_id, id),
    CONSTRAINT project__due_on_check CHECK (due_on >= starts_on),
    CONSTRAINT project__closed_at_check CHECK ((status IN ('completed', 'cancelled')) = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX project__external_id_key ON project (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_age ON project (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_change ON project (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_status ON project (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_engagement ON project (organization_id, engagement_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_template ON project (organization_id, project_template_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_owner ON project (organization_id, owner_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_start ON project (organization_id, starts_on, id) WHERE deleted_at IS NULL;
CREATE INDEX project_by_due_date ON project (organization_id, due_on, id) WHERE deleted_at IS NULL;
CALL app_protect('project');

CREATE TABLE milestone (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    project_id uuid NOT NULL,
    engagement_id uuid NOT NULL,
    name text NOT NULL,
    description text,
    due_on date,
    amount_minor bigint CONSTRAINT milestone__amount_minor_check CHECK (amount_minor >= 0),
    currency text,
    status text NOT NULL DEFAULT 'open' CONSTRAINT milestone__status_check CHECK (status IN ('open', 'completed', 'cancelled')),
    status_reason text,
    closed_at timestamptz,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    -- What tasks refer to, so that a task's milestone is one of its own project.
    CONSTRAINT milestone__project_id_key UNIQUE (organization_id, project_id, id),
    CONSTRAINT milestone__project_id_fkey FOREIGN KEY (organization_id, project_id) REFERENCES project (organization_id, id),
    CONSTRAINT milestone__engagement_id_fkey FOREIGN KEY (organization_id, engagement_id) REFERENCES engagement (organization_id, id),
    CONSTRAINT milestone__closed_at_check CHECK ((status = 'open') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX milestone__external_id_key ON milestone (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX milestone_by_age ON milestone (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX milestone_by_change ON milestone (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX milestone_by_status ON milestone (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX milestone_by_project ON milestone (organization_id, project_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX milestone_by_engagement ON milestone (organization_id, engagement_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX milestone_by_due_date ON milestone (organization_id, due_on, id) WHERE deleted_at IS NULL;
CALL app_protect('milestone');

CREATE TABLE task (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    project_id uuid NOT NULL,
    engagement_id uuid NOT NULL,
    milestone_id uuid,
    name text NOT NULL,
    description text,
    status text NOT NULL DEFAULT 'todo'
        CONSTRAINT task__status_check CHECK (status IN ('todo', 'in_progress', 'review', 'completed', 'cancelled')),
    status_reason text,
    priority text NOT NULL DEFAULT 'medium' CONSTRAINT task__priority_check CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    assignee_id uuid,
    start_on date,
    due_on date,
    completed_at timestamptz,
    external_id text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    -- What dependencies refer to, so that both ends are in one project.
    CONSTRAINT task__project_id_key UNIQUE (organization_id, project_id, id),
    CONSTRAINT task__project_id_fkey FOREIGN KEY (organization_id, project_id) REFERENCES project (organization_id, id),
    CONSTRAINT task__engagement_id_fkey FOREIGN KEY (organization_id, engagement_id) REFERENCES engagement (organization_id, id),
    CONSTRAINT task__milestone_id_fkey FOREIGN KEY (organization_id, project_id, milestone_id)
        REFERENCES milestone (organization_id, project_id, id),
    CONSTRAINT task__due_on_check CHECK (due_on >= start_on),
    CONSTRAINT task__completed_at_check CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
CREATE UNIQUE INDEX task__external_id_key ON task (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_age ON task (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_change ON task (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_status ON task (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_priority ON task (organization_id, priority, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_project ON task (organization_id, project_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_engagement ON task (organization_id, engagement_id, status) WHERE deleted_at IS NULL;
CREATE INDEX task_by_milestone ON task (organization_id, milestone_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_assignee ON task (organization_id, assignee_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_due_date ON task (organization_id, due_on, id) WHERE deleted_at IS NULL;
CREATE INDEX task_by_completion ON task (organization_id, completed_at, id) WHERE deleted_at IS NULL;
CALL app_protect('task');

CREATE TABLE task_dependency (
    organization_id uuid NOT NULL,
    project_id uuid NOT NULL,
    task_id uuid NOT NULL,
    depends_on_id uuid NOT NULL,
    PRIMARY KEY (organization_id, task_id, depends_on_id),
    -- Deferred, so that the dependencies of a task can be written before the task, whose answer then shows them.
    CONSTRAINT task_dependency__task_id_fkey FOREIGN KEY (organization_id, project_id, task_id)
        REFERENCES task (organization_id, project_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT task_dependency__depends_on_fkey FOREIGN KEY (organization_id, project_id, depends_on_id)
        REFERENCES task (organization_id, project_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT task_dependency__depends_on_check CHECK (task_id <> depends_on_id)
);
COMMENT ON TABLE task_dependency IS 'task_id waits for depends_on_id, which is in the same project. Without cycles: see TaskDependencies.';
CREATE INDEX task_dependency_by_dependency ON task_dependency (organization_id, depends_on_id);
CREATE INDEX task_dependency_by_project ON task_dependency (organization_id, project_id);
CALL app_protect('task_dependency');

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_policies WHERE tablename IN ('project', 'milestone', 'task', 'task_dependency')) = 4,
        'every table of this migration is protected';
END
$$;
