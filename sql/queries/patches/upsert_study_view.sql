INSERT INTO idh.study_view (study_id, revision, settings_hash, layout, object_keys)
VALUES (:study_id, :revision, :settings_hash, CAST(:layout AS jsonb), CAST(:object_keys AS jsonb))
ON CONFLICT (study_id, revision, settings_hash) DO UPDATE SET
    layout = EXCLUDED.layout, object_keys = EXCLUDED.object_keys, made_by = EXCLUDED.made_by, created_at = now()
