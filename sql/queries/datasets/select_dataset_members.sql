SELECT m.patient_key, m.sequence, m.patch_id, p.object_key, p.sha256, m.mutant, m.report_key, m.report_version
FROM idh.training_run AS r
JOIN idh.dataset_member AS m USING (dataset_id)
JOIN idh.patch AS p USING (patch_id)
WHERE r.run_id = :run_id
ORDER BY m.sequence, m.patient_key
