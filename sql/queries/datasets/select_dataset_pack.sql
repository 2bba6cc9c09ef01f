SELECT p.sequence, p.object_key, p.sha256
FROM idh.training_run AS r
JOIN idh.dataset_pack AS p USING (dataset_id)
WHERE r.run_id = :run_id AND p.sequence = :sequence
