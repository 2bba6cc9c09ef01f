-- Of several series of one sequence the first is used: high confidence, no fault, axial, small voxels, many instances.
SELECT
    s.series_id, s.sequence, s.confidence, s.evidence, s.object_key, s.sha256, s.instances,
    s.code, s.reason, s.axial, s.voxel_mm3
FROM idh.series AS s
JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
WHERE s.study_id = :study_id
ORDER BY
    s.sequence, s.confidence, s.code IS NOT NULL, s.axial DESC, s.voxel_mm3, s.instances DESC, s.series_id
