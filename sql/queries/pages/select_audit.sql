-- One page of the audit log, the latest first; the page ends before an event, so that it does not grow with history.
SELECT event_id, occurred_at, actor, action, subject, detail
FROM idh.audit_event
WHERE (CAST(:before AS bigint) IS NULL OR event_id < :before)
    AND (:actor = '' OR actor = :actor) AND (:action = '' OR action = :action) AND (:subject = '' OR subject = :subject)
ORDER BY event_id DESC
LIMIT :size
