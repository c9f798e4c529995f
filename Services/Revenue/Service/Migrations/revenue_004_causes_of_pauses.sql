-- Each pause of a schedule says who wanted it: until now that was always a person.

SELECT set_config('app.system', 'on', true);

UPDATE invoice_schedule SET pauses = (
    SELECT jsonb_agg(pause || '{"cause": "person", "reason": null}' ORDER BY position)
    FROM jsonb_array_elements(pauses) WITH ORDINALITY AS each (pause, position)
)
WHERE pauses <> '[]';

DO $$
BEGIN
    ASSERT NOT EXISTS (
        SELECT FROM invoice_schedule, jsonb_array_elements(pauses) AS pause WHERE NOT pause ? 'cause'
    ), 'every pause has a cause';
END
$$;
