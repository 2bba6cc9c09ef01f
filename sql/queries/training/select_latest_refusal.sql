SELECT detail ->> 'reason' AS reason
FROM idh.audit_event
WHERE action = 'not trained'
ORDER BY event_id DESC
LIMIT 1
