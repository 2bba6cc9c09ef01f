SELECT idh.disagree(:study_id, :sequence, :model_id, :comment, :reader)
