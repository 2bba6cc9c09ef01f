INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances)
VALUES (:study_id, :revision, :series_id, :sequence, :confidence, :evidence, :object_key, :sha256, :instances)
