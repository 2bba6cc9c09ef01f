-- How much a source listed on its last nights: none at all after these is suspicious.
SELECT coalesce(min(found), 0) AS least, count(*) AS nights
FROM (
    SELECT n.found FROM idh.ingest_night AS n WHERE n.source = :source AND n.listed ORDER BY n.night_id DESC LIMIT 5
) AS recent
