SELECT idh.disagree(:study_id, :patch_id, :model_id, :comment, :reader)
