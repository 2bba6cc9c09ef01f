SELECT s.series_id, s.sequence, s.confidence, s.evidence, s.instances, s.code, s.reason, s.contrast, s.voxel_mm3, s.coverage_mm
FROM idh.series AS s
JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
WHERE s.study_id = :study_id
ORDER BY s.sequence, s.series_id
LIMIT 200
