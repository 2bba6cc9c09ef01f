INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, temperature, environment)
VALUES (:model_id, :run_id, :sequence, :object_key, :sha256, :temperature, CAST(:environment AS jsonb))
