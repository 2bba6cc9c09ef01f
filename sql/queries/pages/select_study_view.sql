-- The newest pictures of the study's present revision, those of the present code and settings first.
SELECT
    v.layout, v.object_keys, v.created_at, v.made_by, v.settings_hash = :settings_hash AS present
FROM idh.study_view AS v
JOIN idh.study AS t ON t.study_id = v.study_id AND t.revision = v.revision
WHERE v.study_id = :study_id
ORDER BY v.settings_hash = :settings_hash DESC, v.created_at DESC
LIMIT 1
