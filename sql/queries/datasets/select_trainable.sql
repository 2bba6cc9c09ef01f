SELECT k.sequence
FROM idh.training_run AS r
JOIN idh.dataset_pack AS k USING (dataset_id)
WHERE r.run_id = :run_id AND k.sequence = :sequence
