SELECT d.created_at AS counted_at, d.cohort AS counts, d.dataset_id, d.preprocessing_version
FROM idh.training_run AS t
JOIN idh.dataset AS d ON d.dataset_id = t.dataset_id
WHERE t.run_id = :run_id
