INSERT INTO phi.study_identity (study_id, study_instance_uid, accession_number)
VALUES (:study_id, :study_instance_uid, :accession_number)
ON CONFLICT (study_id) DO UPDATE SET accession_number = excluded.accession_number
WHERE excluded.accession_number <> ''
