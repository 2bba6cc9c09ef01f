SELECT subject, code, scope, reason, created_at, readmitted_at, made_by, item_id IS NOT NULL AS can_return
FROM idh.quarantine
WHERE study_id = :study_id
ORDER BY created_at DESC, subject, code
LIMIT 100
