-- What organizations define of their own fields, and what the tables with such fields see to by themselves. Nothing is defined yet, so
-- all values stay as free as they were.

CREATE TABLE custom_field (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    entity text NOT NULL CONSTRAINT custom_field__entity_check CHECK (entity IN ('client_company', 'contact', 'deal')),
    key text NOT NULL,
    label text NOT NULL,
    description text,
    type text NOT NULL,
    options jsonb NOT NULL DEFAULT '[]',
    reference_to text,
    is_required boolean NOT NULL DEFAULT false,
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX custom_field__key_key ON custom_field (organization_id, entity, key) WHERE deleted_at IS NULL;
CREATE INDEX custom_field_by_entity ON custom_field (organization_id, entity, position, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_field_all_by_entity ON custom_field (organization_id, entity, position, id);
CREATE INDEX custom_field_by_position ON custom_field (organization_id, position, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_field_by_age ON custom_field (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_field_by_change ON custom_field (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CALL app_protect('custom_field');

CREATE TABLE custom_field_set (
    organization_id uuid NOT NULL,
    entity text NOT NULL,
    -- Keys whose definition is deleted: their values are kept and not shown.
    hidden text[] NOT NULL DEFAULT '{}',
    required text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (organization_id, entity)
);
COMMENT ON TABLE custom_field_set IS 'What each row of an entity is judged by, in one row: derived from custom_field by its trigger.';
CALL app_protect('custom_field_set');

CREATE FUNCTION custom_field_derive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked first: two who define at once derive one after the other, and the later one sees both.
    INSERT INTO custom_field_set (organization_id, entity) VALUES (NEW.organization_id, NEW.entity)
        ON CONFLICT (organization_id, entity) DO UPDATE SET entity = EXCLUDED.entity;
    UPDATE custom_field_set s SET
        hidden = ARRAY(SELECT f.key FROM custom_field f WHERE f.organization_id = NEW.organization_id AND f.entity = NEW.entity
            GROUP BY f.key HAVING bool_and(f.deleted_at IS NOT NULL) ORDER BY f.key),
        required = ARRAY(SELECT f.key FROM custom_field f WHERE f.organization_id = NEW.organization_id AND f.entity = NEW.entity
            AND f.is_required AND f.deleted_at IS NULL ORDER BY f.position, f.id)
    WHERE s.organization_id = NEW.organization_id AND s.entity = NEW.entity;
    RETURN NULL;
END $$;
CREATE TRIGGER custom_field_derive AFTER INSERT OR UPDATE ON custom_field FOR EACH ROW EXECUTE FUNCTION custom_field_derive();

-- A new row has what is required, also where its request says nothing of custom fields and so nobody has read the definitions. A
-- changed row keeps what it does not show.
CREATE FUNCTION custom_field_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known custom_field_set;
BEGIN
    SELECT * INTO known FROM custom_field_set s WHERE s.organization_id = NEW.organization_id AND s.entity = TG_TABLE_NAME;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.custom_fields := NEW.custom_fields || coalesce((SELECT jsonb_object_agg(kept.key, kept.value)
            FROM jsonb_each(OLD.custom_fields) AS kept WHERE kept.key = ANY (known.hidden)), '{}');
    ELSIF NOT NEW.custom_fields ?& known.required THEN
        RAISE EXCEPTION '%', (SELECT string_agg(r.key, ',') FROM unnest(known.required) AS r (key) WHERE NOT NEW.custom_fields ? r.key)
            USING ERRCODE = '23514', CONSTRAINT = 'custom_fields_required';
    END IF;
    RETURN NEW;
END $$;

-- By what value a row is found. An index over the documents themselves would not be asked under a tenant's policy, since what looks
-- into jsonb is not leakproof; comparing text and bigint is.
CREATE TABLE custom_field_value (
    organization_id uuid NOT NULL,
    entity text NOT NULL,
    row_id uuid NOT NULL,
    key text NOT NULL,
    -- Each option of a list is a value of its own. A text of more than 100 characters is not found by its value.
    value text NOT NULL,
    -- Millionths of a number, minor units of money, days since 1970 of a date.
    measure bigint,
    PRIMARY KEY (organization_id, row_id, key, value)
);
COMMENT ON TABLE custom_field_value IS 'Derived from the rows'' custom_fields by triggers, for filters.';
CREATE INDEX custom_field_value_by_value ON custom_field_value (organization_id, entity, key, value, row_id);
CREATE INDEX custom_field_value_by_measure ON custom_field_value (organization_id, entity, key, measure, row_id) WHERE measure IS NOT NULL;
CALL app_protect('custom_field_value');

CREATE FUNCTION custom_field_measure(value text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE
        WHEN value ~ '^-?[0-9]{1,12}([.][0-9]{1,6})?$' THEN (value::numeric * 1000000)::bigint
        WHEN value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN value::date - DATE '1970-01-01'
    END;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN NULL;
END $$;

CREATE FUNCTION custom_field_values(fields jsonb) RETURNS TABLE (key text, value text, measure bigint) LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT ON (field.key, part.text) left(field.key, 100), part.text,
        CASE jsonb_typeof(field.value)
            WHEN 'object' THEN substring(field.value ->> 'amount_minor' FROM '^-?[0-9]{1,16}$')::bigint
            ELSE custom_field_measure(part.text)
        END
    FROM jsonb_each(fields) AS field,
        jsonb_array_elements(CASE jsonb_typeof(field.value) WHEN 'array' THEN field.value ELSE jsonb_build_array(field.value) END) AS element,
        LATERAL (SELECT element.value #>> '{}' AS text) AS part
    WHERE length(part.text) <= 100
$$;

CREATE FUNCTION custom_field_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM custom_field_value WHERE organization_id = NEW.organization_id AND row_id = NEW.id;
    END IF;
    INSERT INTO custom_field_value (organization_id, entity, row_id, key, value, measure)
    SELECT NEW.organization_id, TG_TABLE_NAME, NEW.id, v.key, v.value, v.measure FROM custom_field_values(NEW.custom_fields) AS v
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

DO $$
DECLARE
    entity text;
BEGIN
    ALTER TABLE custom_field_value NO FORCE ROW LEVEL SECURITY;
    FOREACH entity IN ARRAY ARRAY['client_company', 'contact', 'deal'] LOOP
        EXECUTE format('CREATE TRIGGER custom_field_guard_insert BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION custom_field_guard()',
            entity);
        EXECUTE format('CREATE TRIGGER custom_field_guard_update BEFORE UPDATE OF custom_fields ON %I FOR EACH ROW '
            'WHEN (OLD.custom_fields IS DISTINCT FROM NEW.custom_fields) EXECUTE FUNCTION custom_field_guard()', entity);
        EXECUTE format('CREATE TRIGGER custom_field_index_insert AFTER INSERT ON %I FOR EACH ROW '
            'WHEN (NEW.custom_fields <> ''{}'') EXECUTE FUNCTION custom_field_index()', entity);
        EXECUTE format('CREATE TRIGGER custom_field_index_update AFTER UPDATE OF custom_fields ON %I FOR EACH ROW '
            'WHEN (OLD.custom_fields IS DISTINCT FROM NEW.custom_fields) EXECUTE FUNCTION custom_field_index()', entity);
        -- What is there already. The policy binds the tables' owner too, so it is lifted for this one transaction.
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', entity);
        EXECUTE format('INSERT INTO custom_field_value (organization_id, entity, row_id, key, value, measure) '
            'SELECT r.organization_id, %L, r.id, v.key, v.value, v.measure '
            'FROM %I r, custom_field_values(r.custom_fields) v ON CONFLICT DO NOTHING', entity, entity);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entity);
    END LOOP;
    ALTER TABLE custom_field_value FORCE ROW LEVEL SECURITY;
    ASSERT (SELECT count(*) FROM pg_class WHERE relforcerowsecurity AND relname IN ('client_company', 'contact', 'deal', 'custom_field',
        'custom_field_set', 'custom_field_value')) = 6, 'every table is protected';
    ASSERT (SELECT count(*) FROM pg_trigger WHERE tgfoid IN ('custom_field_guard'::regproc, 'custom_field_index'::regproc)) = 12,
        'each entity is guarded and found';
END
$$;
