SELECT study_id FROM idh.due_studies(:settings_hash) ORDER BY study_id
