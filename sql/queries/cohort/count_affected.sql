SELECT
    count(DISTINCT a.patient_key) AS patients, count(DISTINCT o.model_id) AS models,
    count(DISTINCT o.model_id) FILTER (WHERE o.state = 'champion') AS champions
FROM idh.affected AS a
LEFT JOIN idh.training_run AS r USING (dataset_id)
LEFT JOIN idh.model AS o ON o.run_id = r.run_id AND o.sequence = a.sequence
