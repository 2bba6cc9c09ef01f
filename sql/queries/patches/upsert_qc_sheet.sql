INSERT INTO idh.qc_sheet (study_id, revision, settings_hash, object_key)
VALUES (:study_id, :revision, :settings_hash, :object_key)
ON CONFLICT (study_id, revision, settings_hash) DO UPDATE SET object_key = EXCLUDED.object_key, created_at = now()
