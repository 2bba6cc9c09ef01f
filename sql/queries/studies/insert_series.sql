INSERT INTO idh.series (
    study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances,
    code, reason, axial, voxel_mm3, coverage_mm, contrast, protocol, physics, rule_id, rule_replaced
)
VALUES (
    :study_id, :revision, :series_id, :sequence, :confidence, :evidence, :object_key, :sha256, :instances,
    :code, :reason, :axial, :voxel_mm3, :coverage_mm, :contrast, :protocol, CAST(:physics AS jsonb), :rule_id,
    :rule_replaced
)
