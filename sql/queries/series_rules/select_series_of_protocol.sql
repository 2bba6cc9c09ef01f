-- The present series of a protocol, the latest study first.
SELECT
    s.study_id, s.series_id, s.sequence, s.confidence, s.evidence, s.contrast, s.physics, s.rule_id, s.rule_replaced
FROM idh.series AS s
JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
WHERE s.protocol = :protocol
ORDER BY t.ingested_at DESC, s.study_id, s.series_id
