SELECT e.occurred_at, e.actor, e.action, m.sequence, m.model_id, e.detail
FROM idh.audit_event AS e
JOIN idh.model AS m ON m.model_id = e.subject
WHERE e.action IN ('promoted', 'kept', 'rolled back')
ORDER BY e.event_id DESC
LIMIT 50
