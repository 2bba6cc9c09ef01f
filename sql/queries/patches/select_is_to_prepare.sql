SELECT idh.is_to_prepare(:study_id, :settings_hash) AS due
