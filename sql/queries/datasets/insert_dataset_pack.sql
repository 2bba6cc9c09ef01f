INSERT INTO idh.dataset_pack (dataset_id, sequence)
VALUES (:dataset_id, :sequence)
ON CONFLICT DO NOTHING
