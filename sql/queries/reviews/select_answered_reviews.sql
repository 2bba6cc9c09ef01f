SELECT review_id, kind, subject, evidence, person_key, detail, options, moot, answer, answered_by, answered_at,
    opened_at, asked_at, reopened_at
FROM idh.review
WHERE answer IS NOT NULL
ORDER BY answered_at DESC, review_id
LIMIT :size OFFSET :start
