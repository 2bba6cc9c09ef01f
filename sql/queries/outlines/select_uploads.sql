-- Who uploaded each outline of these studies, and when; the latest upload, if one was uploaded several times.
SELECT DISTINCT ON (study_id, sha256) study_id, sha256, submitted_by, submitted_at
FROM idh.submitted_outline
WHERE study_id = ANY(CAST(:studies AS text[]))
ORDER BY study_id, sha256, submission_id DESC
