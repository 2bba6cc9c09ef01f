-- The series of the current revision of a study; the caller sorts them by preference.
SELECT
    s.series_id, s.sequence, s.confidence, s.evidence, s.object_key, s.sha256, s.instances,
    s.code, s.reason, s.axial, s.voxel_mm3, s.coverage_mm, s.contrast, s.protocol, s.physics,
    s.rule_id, s.rule_replaced
FROM idh.series AS s
JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
WHERE s.study_id = :study_id
ORDER BY s.series_id
