SELECT s.series_id, s.sequence, s.confidence, s.evidence, s.object_key, s.sha256, s.instances
FROM idh.series AS s
JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
WHERE s.study_id = :study_id
ORDER BY s.sequence, s.confidence, s.instances DESC, s.series_id
