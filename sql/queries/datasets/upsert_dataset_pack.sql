INSERT INTO idh.dataset_pack (dataset_id, sequence, object_key, sha256)
VALUES (:dataset_id, :sequence, :object_key, :sha256)
ON CONFLICT (dataset_id, sequence) DO UPDATE SET object_key = excluded.object_key, sha256 = excluded.sha256
