-- Whether the kept places are of this version and nothing has been noted since.
SELECT
    EXISTS (SELECT FROM idh.derivation WHERE name = 'places' AND version = :settings_hash)
    AND NOT EXISTS (SELECT FROM idh.due_work WHERE stage = 'place') AS counted
