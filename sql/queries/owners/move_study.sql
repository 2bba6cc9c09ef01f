UPDATE idh.study
SET patient_key = :patient_key, study_date = :study_date, age_years = :age_years
WHERE study_id = :study_id
