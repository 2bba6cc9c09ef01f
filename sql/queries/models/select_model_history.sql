-- Promotions, refusals, what was not approved, rollbacks and withdrawals, the latest first.
SELECT e.occurred_at, e.actor, e.action, m.sequence, m.model_id, m.run_id, m.state, e.detail
FROM idh.audit_event AS e
JOIN idh.model AS m ON m.model_id = e.subject
WHERE e.action IN ('promoted', 'kept', 'not approved', 'rolled back', 'champion withdrawn')
    AND m.sequence = coalesce(:sequence, m.sequence)
ORDER BY e.event_id DESC
LIMIT CAST(:most AS bigint)
