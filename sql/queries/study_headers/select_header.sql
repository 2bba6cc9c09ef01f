SELECT header FROM idh.study_header WHERE study_id = :study_id
