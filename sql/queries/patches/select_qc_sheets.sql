-- The newest sheet of each study, the latest studies first; all of them, or those of one study.
SELECT study_id, object_key, created_at
FROM (
    SELECT DISTINCT ON (study_id) study_id, object_key, created_at
    FROM idh.qc_sheet
    WHERE study_id = coalesce(:study_id, study_id)
    ORDER BY study_id, created_at DESC
) AS newest
ORDER BY created_at DESC
LIMIT 500
