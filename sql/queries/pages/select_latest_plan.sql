-- Who started or stopped making studies again last.
SELECT
    e.occurred_at, e.actor, e.action, e.subject AS version, CAST(e.detail ->> 'studies' AS bigint) AS studies,
    coalesce(CAST(e.detail ->> 'only_labelled' AS boolean), false) AS only_labelled
FROM idh.audit_event AS e
WHERE e.action IN ('plan started', 'plan stopped')
ORDER BY e.event_id DESC
LIMIT 1
