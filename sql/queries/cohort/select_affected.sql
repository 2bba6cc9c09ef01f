-- Dataset members that used a report, with their models and predictions, and what has changed since.
SELECT
    m.report_key, coalesce(v.stated_version, m.report_version) AS report_version, m.dataset_id, r.run_id, m.sequence,
    m.mutant, a.code, o.model_id, o.state,
    (SELECT count(*) FROM idh.prediction AS p WHERE p.model_id = o.model_id) AS predictions
FROM idh.dataset_member AS m
JOIN idh.report AS v ON v.report_key = m.report_key AND v.version = m.report_version
LEFT JOIN idh.affected_member AS a
    ON a.dataset_id = m.dataset_id AND a.sequence = m.sequence AND a.patient_key = m.patient_key
LEFT JOIN idh.training_run AS r ON r.dataset_id = m.dataset_id
LEFT JOIN idh.model AS o ON o.run_id = r.run_id AND o.sequence = m.sequence
WHERE m.report_key = ANY(CAST(:report_keys AS text[]))
ORDER BY m.dataset_id, r.run_id, m.sequence
