-- What came, is held, waits and was predicted; 'held' leaves out what was only noted.
SELECT
    (SELECT count(*) FROM idh.study WHERE ingested_at >= :since) AS came,
    (
        SELECT count(*) FROM idh.quarantine
        WHERE readmitted_at IS NULL AND code <> ALL(CAST(:notes AS text[]))
    ) AS held,
    (SELECT count(*) FROM idh.review WHERE answer IS NULL AND NOT moot) AS waiting,
    (SELECT count(DISTINCT study_id) FROM idh.prediction WHERE created_at >= :since) AS predicted
