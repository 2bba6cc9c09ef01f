-- What is held with a code and can be tried again.
SELECT subject FROM idh.quarantine WHERE code = :code AND readmitted_at IS NULL AND item_id IS NOT NULL
