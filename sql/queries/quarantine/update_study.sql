UPDATE idh.quarantine AS q
SET study_id = t.study_id
FROM idh.study AS t
WHERE t.study_id = :study_id AND q.subject = ANY(CAST(:subjects AS text[])) AND q.study_id IS NULL
