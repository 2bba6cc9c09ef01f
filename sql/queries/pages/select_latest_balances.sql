-- The latest night of each source, also if it could not be listed.
SELECT DISTINCT ON (source)
    source, occurred_at, found, new, unchanged, excluded, quarantined, failed, vanished, flag, listed, reason
FROM idh.ingest_night
WHERE occurred_at > :since
ORDER BY source ASC, night_id DESC
