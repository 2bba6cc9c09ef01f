SELECT subject, code, scope, study_id, reason, item_id, object_key IS NOT NULL AS kept, created_at, readmitted_at
FROM idh.quarantine
WHERE (CAST(:subject AS text) IS NULL OR subject = :subject) AND code <> ALL(CAST(:left_out AS text[]))
ORDER BY created_at, subject, code
