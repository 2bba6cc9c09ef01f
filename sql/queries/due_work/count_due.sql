-- It stops counting where more items need no more tasks.
SELECT count(*) AS items
FROM (
    SELECT FROM idh.due_work
    WHERE stage = :stage AND code IS NULL AND (not_before IS NULL OR not_before <= now())
    LIMIT :most
) AS d
