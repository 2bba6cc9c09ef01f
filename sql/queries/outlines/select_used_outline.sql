-- The hash of the outline with which the patches of a study's present images were cut, by the present code and settings.
SELECT p.origin ->> 'outline_sha256' AS sha256
FROM idh.study AS t
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision
WHERE t.study_id = :study_id AND p.settings_hash = :settings_hash AND p.code IS NULL
    AND p.origin ->> 'outline_sha256' IS NOT NULL
ORDER BY p.created_at DESC
LIMIT 1
