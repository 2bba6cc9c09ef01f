SELECT study_id FROM idh.study WHERE patient_key = ANY(CAST(:keys AS text[])) ORDER BY study_id
