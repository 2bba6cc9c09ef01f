-- A study, with what the gate accepted and what it noted or refused.
SELECT
    t.study_id, t.patient_key, t.revision, t.study_date, t.age_years, t.manufacturer, t.ingested_at, t.made_by,
    (
        SELECT coalesce(sum(s.instances), 0)
        FROM idh.series AS s
        WHERE s.study_id = t.study_id AND s.revision = t.revision
    ) AS instances
FROM idh.study AS t
WHERE t.study_id = :study_id
