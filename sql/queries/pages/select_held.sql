-- One page of what is held, the oldest first, with the sequences that its study lacks by the present code and settings;
-- notes are left out.
SELECT
    q.subject, q.code, q.scope, q.study_id, q.reason, q.created_at, q.item_id IS NOT NULL AS can_return,
    ARRAY(
        SELECT p.sequence
        FROM idh.study AS t
        JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
        WHERE t.study_id = q.study_id AND p.code IS NOT NULL
        ORDER BY p.sequence
    ) AS gaps
FROM idh.quarantine AS q
WHERE q.readmitted_at IS NULL AND q.code <> ALL(CAST(:notes AS text[]))
    AND (:code = '' OR q.code = :code) AND (:study = '' OR q.study_id = :study)
ORDER BY q.created_at, q.subject, q.code
LIMIT :size OFFSET :start
