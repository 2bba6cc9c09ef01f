INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
VALUES (:dataset_id, :sequence, :patient_key, :patch_id, :mutant, :report_key, :report_version)
ON CONFLICT DO NOTHING
