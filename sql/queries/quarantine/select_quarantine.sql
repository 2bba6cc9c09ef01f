SELECT subject, code, scope, study_id, reason, item_id, object_key IS NOT NULL AS kept, created_at, readmitted_at
FROM idh.quarantine
WHERE (CAST(:subject AS text) IS NULL OR subject = :subject) AND (:notes OR code NOT LIKE 'W\_%')
ORDER BY created_at, subject, code
