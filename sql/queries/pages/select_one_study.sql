SELECT study_id, patient_key, revision, study_date, age_years, manufacturer, roi_key IS NOT NULL AS outlined, ingested_at
FROM idh.study
WHERE study_id = :study_id
