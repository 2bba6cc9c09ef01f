INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256)
VALUES (:model_id, :run_id, :sequence, :object_key, :sha256)
