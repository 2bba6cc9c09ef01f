DELETE FROM idh.owner_doubt WHERE study_id = :study_id
