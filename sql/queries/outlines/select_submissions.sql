-- The outlines that people submitted for a study, the latest first, and what a reviewer answered.
SELECT
    s.sha256, s.submitted_by, s.submitted_at, s.withdrawn_by, s.withdrawn_at, s.withdrawn_reason,
    (
        SELECT v.answer FROM idh.review AS v
        WHERE v.kind = 'automatic_roi' AND v.subject = s.study_id AND v.evidence = s.sha256
    ) AS answer
FROM idh.submitted_outline AS s
WHERE s.study_id = :study_id
ORDER BY s.submission_id DESC
