-- One page of what is held, the oldest first; notes are left out.
SELECT subject, code, scope, study_id, reason, created_at, item_id IS NOT NULL AS can_return
FROM idh.quarantine
WHERE readmitted_at IS NULL AND code <> ALL(CAST(:notes AS text[]))
    AND (:code = '' OR code = :code) AND (:study = '' OR study_id = :study)
ORDER BY created_at, subject, code
LIMIT :size OFFSET :start
