-- One page of the audit log, the latest first; the page ends before an event, so that it does not grow with history.
-- Actors and actions are those that exist and meet the filter, so that an index finds them; NULL stands for all. A single
-- one is compared by itself, because an index gives its order only then. Days are found by the time of the events and
-- bound their numbers: no transaction is open for a day.
SELECT event_id, occurred_at, actor, action, subject, detail
FROM idh.audit_event
WHERE (CAST(:before AS bigint) IS NULL OR event_id < :before)
    AND (CAST(:one_actor AS text) IS NULL OR actor = :one_actor)
    AND (CAST(:one_action AS text) IS NULL OR action = :one_action)
    AND (CAST(:actors AS text[]) IS NULL OR actor = ANY(CAST(:actors AS text[])))
    AND (CAST(:actions AS text[]) IS NULL OR action = ANY(CAST(:actions AS text[])))
    AND (
        :subject = ''
        OR (
            lower(subject) COLLATE "C" >= lower(:subject)
            AND lower(subject) COLLATE "C" < lower(:subject) || chr(1114111)
        )
    )
    AND (CAST(:since AS date) IS NULL OR occurred_at >= CAST(:since AS date) AT TIME ZONE 'UTC')
    AND (CAST(:until AS date) IS NULL OR occurred_at < (CAST(:until AS date) + 1) AT TIME ZONE 'UTC')
    AND (
        CAST(:since AS date) IS NULL
        OR event_id >= (
            SELECT e.event_id FROM idh.audit_event AS e
            WHERE e.occurred_at >= (CAST(:since AS date) - 1) AT TIME ZONE 'UTC'
            ORDER BY e.occurred_at, e.event_id LIMIT 1
        )
    )
    AND (
        CAST(:until AS date) IS NULL
        OR event_id <= coalesce(
            (
                SELECT e.event_id FROM idh.audit_event AS e
                WHERE e.occurred_at >= (CAST(:until AS date) + 2) AT TIME ZONE 'UTC'
                ORDER BY e.occurred_at, e.event_id LIMIT 1
            ),
            9223372036854775807
        )
    )
ORDER BY event_id DESC
LIMIT :size
