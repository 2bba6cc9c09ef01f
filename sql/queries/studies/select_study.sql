SELECT study_id, patient_key, revision, content_hash, roi_key, manifest_sha256 FROM idh.study WHERE study_id = :study_id
