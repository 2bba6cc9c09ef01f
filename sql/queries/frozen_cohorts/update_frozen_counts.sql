-- A dataset that is frozen again keeps the first count.
UPDATE idh.dataset SET cohort = CAST(:counts AS jsonb), preprocessing_version = :settings_hash
WHERE dataset_id = :dataset_id AND cohort IS NULL
