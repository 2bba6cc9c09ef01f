-- Questions about the study or its patient, also beside another one.
WITH own AS (
    SELECT o.person_key FROM idh.study AS t JOIN idh.person_of AS o USING (patient_key) WHERE t.study_id = :study_id
)
SELECT v.review_id, v.kind, v.moot, v.answer, v.answered_by, v.answered_at, v.opened_at, v.evidence,
    v.detail ? 'origin' AS uploaded
FROM idh.review AS v
WHERE v.subject = :study_id OR v.person_key = (SELECT person_key FROM own)
    OR (v.kind = 'same_image' AND (SELECT person_key FROM own) = ANY(string_to_array(v.subject, ' ')))
ORDER BY v.opened_at DESC
LIMIT 50
