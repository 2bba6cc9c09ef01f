-- The latest balance of each source.
SELECT DISTINCT ON (source) source, occurred_at, found, new, unchanged, quarantined, failed, vanished, flag
FROM idh.ingest_night
WHERE occurred_at > :since
ORDER BY source ASC, night_id DESC
