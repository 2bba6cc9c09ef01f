-- The outline that a person submitted last for a study and has not withdrawn.
SELECT sha256, object_key FROM idh.submitted_outline
WHERE study_id = :study_id AND withdrawn_at IS NULL
ORDER BY submission_id DESC
LIMIT 1
