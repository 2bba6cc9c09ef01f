INSERT INTO idh.merge_event (event_id, prior_key, surviving_key, undone, effective_at, source)
SELECT event_id, prior_key, surviving_key, undone, effective_at, source
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    event_id text, prior_key text, surviving_key text, undone boolean, effective_at timestamptz, source text
)
ON CONFLICT (event_id) DO NOTHING
