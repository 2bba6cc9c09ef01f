INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version)
VALUES (:run_id, :dataset_id, CAST(:settings AS jsonb), :code_version)
ON CONFLICT DO NOTHING
