-- The state of the audit chain: its length, its last hash, and its first broken link.
WITH chained AS (
    SELECT
        c.position, c.event_id, c.hash, e.event_id IS NULL AS lost,
        idh.audit_hash(lag(c.hash) OVER (ORDER BY c.position), e) AS expected
    FROM idh.audit_chain AS c
    LEFT JOIN idh.audit_event AS e ON e.event_id = c.event_id
),
broken AS (
    SELECT event_id, CASE WHEN lost THEN 'the event was removed' ELSE 'the event or its link was changed' END AS fault
    FROM chained
    WHERE lost OR hash IS DISTINCT FROM expected
    ORDER BY position
    LIMIT 1
),
unchained AS (
    SELECT e.event_id, 'the event has no link' AS fault
    FROM idh.audit_event AS e
    WHERE NOT EXISTS (SELECT 1 FROM idh.audit_chain AS c WHERE c.event_id = e.event_id)
    ORDER BY e.event_id
    LIMIT 1
)
SELECT
    (SELECT count(*) FROM idh.audit_chain) AS events,
    (SELECT encode(c.hash, 'hex') FROM idh.audit_chain AS c ORDER BY c.position DESC LIMIT 1) AS head,
    coalesce((SELECT b.event_id FROM broken AS b), (SELECT u.event_id FROM unchained AS u)) AS broken_event,
    coalesce((SELECT b.fault FROM broken AS b), (SELECT u.fault FROM unchained AS u)) AS fault
