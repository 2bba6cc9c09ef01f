-- The outline that a person submitted last for each of these studies and has not withdrawn, if it has no answer yet.
SELECT w.study_id, w.sha256, w.submitted_by, w.submitted_at
FROM (
    SELECT DISTINCT ON (s.study_id) s.study_id, s.sha256, s.submitted_by, s.submitted_at
    FROM idh.submitted_outline AS s
    WHERE s.study_id = ANY(CAST(:studies AS text[])) AND s.withdrawn_at IS NULL
    ORDER BY s.study_id ASC, s.submission_id DESC
) AS w
WHERE NOT EXISTS (
    SELECT FROM idh.review AS v
    WHERE v.kind = 'automatic_roi' AND v.subject = w.study_id AND v.evidence = w.sha256 AND v.answer IS NOT NULL
)
