-- The study of each patient of a run's dataset.
SELECT DISTINCT m.patient_key, p.study_id
FROM idh.training_run AS r
JOIN idh.dataset_member AS m USING (dataset_id)
JOIN idh.patch AS p USING (patch_id)
WHERE r.run_id = :run_id
