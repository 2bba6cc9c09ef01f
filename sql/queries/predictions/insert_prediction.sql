INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training)
VALUES (:patch_id, :model_id, :study_id, :sequence, :probability_mutant, :calibrated, :in_training)
ON CONFLICT DO NOTHING
