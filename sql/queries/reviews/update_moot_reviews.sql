UPDATE idh.review AS v SET moot = true
WHERE v.answer IS NULL AND NOT v.moot AND v.kind NOT IN ('automatic_roi', 'series_name', 'same_image') AND NOT EXISTS (
    SELECT 1 FROM candidate_review AS c
    WHERE c.kind = v.kind AND c.subject = v.subject AND c.evidence = v.evidence
)
