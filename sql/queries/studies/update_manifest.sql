WITH listed AS (DELETE FROM idh.instance WHERE study_id = :study_id)
UPDATE idh.study SET manifest_sha256 = :sha256 WHERE study_id = :study_id
