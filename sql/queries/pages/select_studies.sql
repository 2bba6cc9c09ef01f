-- One page of the studies that meet every filter, the latest first; an empty filter is met by all.
WITH listed AS (
    SELECT t.study_id, t.revision, t.study_date, t.manufacturer, t.ingested_at
    FROM idh.study AS t
    WHERE starts_with(t.study_id, :study)
        AND (:vendor = '' OR t.manufacturer = :vendor)
        AND (CAST(:since AS date) IS NULL OR t.study_date >= :since)
        AND (CAST(:until AS date) IS NULL OR t.study_date <= :until)
        AND (
            :label = ''
            OR EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.chosen AND l.idh_status = :label)
            OR (
                :label = 'none'
                AND NOT EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.chosen)
            )
        )
        AND (
            :with_patch = ''
            OR EXISTS (
                SELECT FROM idh.patch AS p WHERE p.study_id = t.study_id AND p.sequence = :with_patch AND p.code IS NULL
            )
        )
        AND (
            :without_patch = ''
            OR NOT EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.sequence = :without_patch AND p.code IS NULL
            )
        )
        AND (
            :code = ''
            OR EXISTS (SELECT FROM idh.patch AS p WHERE p.study_id = t.study_id AND p.code = :code)
            OR EXISTS (SELECT FROM idh.quarantine AS q WHERE q.study_id = t.study_id AND q.code = :code)
            OR EXISTS (
                SELECT FROM idh.series AS s WHERE s.study_id = t.study_id AND s.revision = t.revision AND s.code = :code
            )
            OR EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code = :code)
        )
    ORDER BY t.ingested_at DESC, t.study_id
    LIMIT :size OFFSET :start
)

SELECT
    t.study_id, t.study_date, t.manufacturer, t.ingested_at, l.idh_status,
    ARRAY(
        SELECT DISTINCT p.sequence FROM idh.patch AS p WHERE p.study_id = t.study_id AND p.code IS NULL
        ORDER BY p.sequence
    ) AS patches,
    ARRAY(
        SELECT DISTINCT p.code FROM idh.patch AS p WHERE p.study_id = t.study_id AND p.code IS NOT NULL
        ORDER BY p.code
    ) AS codes,
    (SELECT count(DISTINCT p.sequence) FROM idh.prediction AS p WHERE p.study_id = t.study_id) AS predictions
FROM listed AS t
LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id AND l.chosen
ORDER BY t.ingested_at DESC, t.study_id
