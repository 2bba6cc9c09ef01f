-- The next item of a stage that nobody holds: what is new first, and the newest first. Nobody waits for a lock.
UPDATE idh.due_work AS w
SET holder = :holder, held_at = now(), attempts = w.attempts + 1
FROM (
    SELECT d.stage, d.item
    FROM idh.due_work AS d
    WHERE d.stage = :stage AND d.code IS NULL
        AND (d.holder IS NULL OR d.held_at < now() - make_interval(secs => :lease_s))
        AND (d.not_before IS NULL OR d.not_before <= now())
    ORDER BY d.priority, d.noted DESC
    LIMIT 1
    FOR UPDATE SKIP LOCKED
) AS next
WHERE w.stage = next.stage AND w.item = next.item
RETURNING w.item, w.noted, w.attempts, w.holder
