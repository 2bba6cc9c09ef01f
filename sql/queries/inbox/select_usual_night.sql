-- How much a source found on its last nights: 0 after these is suspicious.
SELECT coalesce(min(found), 0) AS least, count(*) AS nights
FROM (
    SELECT n.found FROM idh.ingest_night AS n WHERE n.source = :source ORDER BY n.night_id DESC LIMIT 5
) AS recent
