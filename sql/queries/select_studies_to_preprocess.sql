SELECT t.study_id
FROM idh.study AS t
WHERE NOT EXISTS (
    SELECT 1
    FROM idh.patch AS p
    WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
)
AND (
    NOT EXISTS (SELECT 1 FROM idh.case_link AS l WHERE l.study_id = t.study_id)
    OR EXISTS (SELECT 1 FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code <> 'W_POSTOP')
)
ORDER BY t.study_id
