INSERT INTO idh.study (study_id, patient_key, content_hash, study_date, age_years, manufacturer, roi_key)
VALUES (:study_id, :patient_key, :content_hash, :study_date, :age_years, :manufacturer, :roi_key)
ON CONFLICT (study_id) DO UPDATE SET
    revision = idh.study.revision + 1,
    content_hash = excluded.content_hash,
    roi_key = excluded.roi_key,
    ingested_at = now(),
    made_by = excluded.made_by
RETURNING revision
