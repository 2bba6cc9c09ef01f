UPDATE idh.review SET answer = :answer, answered_by = :answered_by, answered_at = now()
WHERE review_id = :review_id AND answer IS NULL AND :answer = ANY(options)
