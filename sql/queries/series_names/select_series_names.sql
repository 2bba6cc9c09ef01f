-- What reviewers have named series of a study, and what the platform had concluded.
SELECT
    v.subject AS series_id, v.answer AS sequence,
    v.detail ->> 'concluded' AS concluded, v.detail ->> 'confidence' AS confidence, v.detail ->> 'evidence' AS evidence
FROM idh.review AS v
WHERE v.kind = 'series_name' AND v.answer IS NOT NULL
    AND v.subject IN (SELECT s.series_id FROM idh.series AS s WHERE s.study_id = :study_id)
