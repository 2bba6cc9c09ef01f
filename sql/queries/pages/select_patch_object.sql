-- The newest patch of one sequence of a study, that of the present code and settings first.
SELECT p.object_key, p.sha256
FROM idh.patch AS p
JOIN idh.study AS t ON t.study_id = p.study_id AND t.revision = p.revision
WHERE p.study_id = :study_id AND p.sequence = :sequence AND p.code IS NULL
ORDER BY p.settings_hash = :settings_hash DESC, p.created_at DESC
LIMIT 1
