-- Each day since a time, over all sources.
SELECT
    (occurred_at AT TIME ZONE 'UTC')::date AS night,
    sum(new)::bigint AS new,
    sum(quarantined)::bigint AS quarantined,
    sum(failed)::bigint AS failed
FROM idh.ingest_night
WHERE occurred_at > :since
GROUP BY night
ORDER BY night
