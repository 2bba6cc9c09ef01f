SELECT review_id, kind, subject, evidence, person_key, detail, options, moot, answer, answered_by, answered_at,
    opened_at, asked_at, reopened_at
FROM idh.review
WHERE (CAST(:review_id AS text) IS NULL OR review_id = :review_id) AND (:all OR (answer IS NULL AND NOT moot))
ORDER BY opened_at, review_id
LIMIT CAST(:size AS bigint) OFFSET CAST(:start AS bigint)
