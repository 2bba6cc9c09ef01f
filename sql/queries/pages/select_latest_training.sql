-- What came of the latest training: it was refused, or its networks were promoted or kept back.
SELECT occurred_at, action, detail ->> 'reason' AS reason
FROM idh.audit_event
WHERE action IN ('not trained', 'promoted', 'kept')
ORDER BY event_id DESC
LIMIT 1
