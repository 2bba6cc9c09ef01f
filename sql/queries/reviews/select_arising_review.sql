-- It reads the temporary table of create_candidate_reviews.
SELECT v.review_id
FROM idh.review AS v
JOIN candidate_review AS c USING (kind, subject, evidence, detail, options)
WHERE v.review_id = :review_id
