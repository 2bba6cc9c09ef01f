SELECT document_id, supersedes, created_at, made_by
FROM idh.document
WHERE study_id = :study_id
ORDER BY created_at DESC
LIMIT 50
