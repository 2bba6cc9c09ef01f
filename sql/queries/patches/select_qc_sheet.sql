-- The newest quality sheet of a study.
SELECT object_key FROM idh.qc_sheet WHERE study_id = :study_id ORDER BY created_at DESC LIMIT 1
