-- The first study that a search leaves out, if there is one: it reads a fixed number of studies in the order of the list.
SELECT t.study_id, t.ingested_at
FROM idh.study AS t
WHERE (:vendor = '' OR t.manufacturer = :vendor)
    AND (CAST(:since AS timestamp) IS NULL OR t.ingested_at >= CAST(:since AS timestamp) AT TIME ZONE 'UTC')
    AND (
        CAST(:until AS timestamp) IS NULL
        OR t.ingested_at < (CAST(:until AS timestamp) + interval '1 day') AT TIME ZONE 'UTC'
    )
    AND (
        CAST(:first_at AS timestamptz) IS NULL
        OR (t.ingested_at <= :first_at AND (t.ingested_at < :first_at OR t.study_id >= :first))
    )
ORDER BY t.ingested_at DESC, t.study_id
LIMIT 1 OFFSET :searched
