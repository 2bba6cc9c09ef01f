SELECT ingested_at FROM idh.study WHERE study_id = :study_id
