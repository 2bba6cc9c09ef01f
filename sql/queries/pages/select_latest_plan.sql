-- Who started or stopped making studies again last.
SELECT
    e.occurred_at, e.actor, e.action, e.subject AS version, CAST(e.detail ->> 'studies' AS bigint) AS studies,
    coalesce(CAST(e.detail ->> 'only_labelled' AS boolean), false) AS only_labelled
FROM unnest(ARRAY['plan started', 'plan stopped']) AS u (action)
CROSS JOIN LATERAL (
    SELECT a.* FROM idh.audit_event AS a WHERE a.action = u.action ORDER BY a.event_id DESC LIMIT 1
) AS e
ORDER BY e.event_id DESC
LIMIT 1
