-- The newest patch of each sequence, or why there is none.
SELECT DISTINCT ON (sequence) sequence, patch_id, code, reason, created_at, quality
FROM idh.patch
WHERE study_id = :study_id
ORDER BY sequence ASC, created_at DESC
