-- What is not tried any more, the latest first.
SELECT stage, item, code, reason, attempts, noted_at
FROM idh.due_work
WHERE code IS NOT NULL
ORDER BY noted DESC
LIMIT :size
