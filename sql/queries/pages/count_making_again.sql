-- What of the outdated studies waits, what else waits to be prepared, what was prepared today (UTC), what was given up or
-- failed with this version, and how long the latest studies took.
SELECT
    again.waiting, again.labelled AS waiting_labelled, again.begun,
    (
        SELECT count(*)
        FROM (SELECT FROM idh.due_work WHERE stage = 'prepare' AND priority = 0 AND code IS NULL LIMIT :most) AS d
    ) AS new,
    (SELECT count(*) FROM idh.due_work WHERE stage = 'prepare' AND code IS NOT NULL) AS given_up,
    (SELECT count(*) FROM idh.failed_studies(:settings_hash)) AS failed,
    (
        SELECT count(*) FROM idh.preparation
        WHERE prepared_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    ) AS prepared_today,
    (
        SELECT avg(m.seconds)
        FROM (
            SELECT seconds FROM idh.preparation WHERE seconds IS NOT NULL ORDER BY prepared_at DESC LIMIT :measured
        ) AS m
    ) AS seconds
FROM (
    SELECT
        count(*) AS waiting, count(*) FILTER (WHERE n.labelled) AS labelled, count(w.holder) AS begun
    FROM idh.due_work AS w
    JOIN idh.preparation AS n ON n.study_id = w.item
    WHERE w.stage = 'prepare' AND w.code IS NULL
        AND NOT n.after_surgery AND (n.made_with < :settings_hash OR n.made_with > :settings_hash)
) AS again
