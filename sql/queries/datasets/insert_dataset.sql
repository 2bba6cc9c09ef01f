INSERT INTO idh.dataset (dataset_id, settings) VALUES (:dataset_id, CAST(:settings AS jsonb))
ON CONFLICT DO NOTHING
