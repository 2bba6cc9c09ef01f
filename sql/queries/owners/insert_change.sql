INSERT INTO idh.owner_change (study_id, prior_key, patient_key, revision, documents, predictions, datasets)
SELECT
    study_id, :prior_key, patient_key, revision, CAST(:documents AS text[]), :predictions, CAST(:datasets AS text[])
FROM idh.study
WHERE study_id = :study_id
