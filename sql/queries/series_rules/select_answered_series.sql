-- What a reviewer has answered about a series, and what is kept about it.
SELECT
    v.answer AS sequence, v.detail ->> 'evidence' AS evidence, s.protocol, s.physics, t.manufacturer,
    (SELECT max(r.rule_id) FROM idh.present_series_rule AS r WHERE r.review_id = v.review_id AND r.state <> 'retired')
        AS rule_id
FROM idh.review AS v
JOIN idh.study AS t ON t.study_id = v.detail ->> 'study'
JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision AND s.series_id = v.subject
WHERE v.review_id = :review_id AND v.kind = 'series_name' AND v.answer IS NOT NULL
