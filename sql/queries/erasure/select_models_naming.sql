-- Models whose dataset included the person, and the report of their run, which may show the person's patches.
SELECT DISTINCT r.run_id, r.report_key, o.model_id, o.sequence, o.state
FROM idh.dataset_member AS m
JOIN idh.training_run AS r USING (dataset_id)
LEFT JOIN idh.model AS o ON o.run_id = r.run_id AND o.sequence = m.sequence
WHERE m.patient_key = ANY(CAST(:keys AS text[]))
ORDER BY r.run_id, o.sequence
