SELECT t.study_id
FROM idh.study AS t
WHERE (
    NOT EXISTS (
        SELECT 1
        FROM idh.patch AS p
        WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
    )
    -- An outline that was proposed has been accepted since.
    OR EXISTS (
        SELECT 1
        FROM idh.patch AS p
        JOIN idh.review AS v ON v.kind = 'automatic_roi' AND v.subject = p.study_id AND v.answer = 'accept'
        WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
            AND p.code = 'W_ROI_PROPOSED' AND v.answered_at > p.created_at
    )
)
AND (
    NOT EXISTS (SELECT 1 FROM idh.case_link AS l WHERE l.study_id = t.study_id)
    OR EXISTS (SELECT 1 FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code <> 'W_POSTOP')
)
ORDER BY t.study_id
