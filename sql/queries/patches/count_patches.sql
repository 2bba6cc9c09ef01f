SELECT p.sequence, coalesce(p.code, '') AS code, count(*) AS patches
FROM idh.patch AS p
JOIN idh.study AS t ON t.study_id = p.study_id AND t.revision = p.revision
WHERE p.settings_hash = :settings_hash
GROUP BY p.sequence, coalesce(p.code, '')
ORDER BY p.sequence, code
