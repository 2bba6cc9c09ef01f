INSERT INTO idh.instance (study_id, instance_id, series_id, sha256, profile)
VALUES (:study_id, :instance_id, :series_id, :sha256, :profile)
ON CONFLICT (study_id, instance_id) DO UPDATE SET
    series_id = excluded.series_id, sha256 = excluded.sha256, profile = excluded.profile
