INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, slope, intercept, prevalence, environment)
VALUES (
    :model_id, :run_id, :sequence, :object_key, :sha256, :slope, :intercept, :prevalence, CAST(:environment AS jsonb)
)
