SELECT c.position, encode(c.hash, 'hex') AS hash, e.occurred_at
FROM idh.audit_chain AS c
JOIN idh.audit_event AS e ON e.event_id = c.event_id
ORDER BY c.position DESC
LIMIT 1
