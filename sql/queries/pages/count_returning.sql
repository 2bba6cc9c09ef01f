-- How many deliveries would be tried again with a code.
SELECT count(DISTINCT item_id) AS deliveries FROM idh.quarantine WHERE code = :code AND readmitted_at IS NULL
