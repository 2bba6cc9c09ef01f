-- One page of the open questions, the oldest first.
SELECT review_id, kind, subject, evidence, person_key, detail, options, moot, answer, answered_by, answered_at,
    opened_at, asked_at
FROM idh.review
WHERE answer IS NULL AND NOT moot
ORDER BY opened_at, review_id
LIMIT :size OFFSET :start
