INSERT INTO idh.study_header (study_id, header)
VALUES (:study_id, :header)
ON CONFLICT (study_id) DO NOTHING
