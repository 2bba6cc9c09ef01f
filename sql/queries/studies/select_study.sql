SELECT study_id, patient_key, revision, content_hash, roi_key FROM idh.study WHERE study_id = :study_id
