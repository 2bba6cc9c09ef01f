-- A study, with the kind of outline that its newest patch was cut with.
SELECT
    t.study_id, t.patient_key, t.revision, t.study_date, t.age_years, t.manufacturer, t.ingested_at,
    (
        SELECT p.origin ->> 'outline'
        FROM idh.patch AS p
        WHERE p.study_id = t.study_id AND p.code IS NULL
        ORDER BY p.created_at DESC LIMIT 1
    ) AS outline
FROM idh.study AS t
WHERE t.study_id = :study_id
