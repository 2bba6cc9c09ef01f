-- The picture of the latest proposal for a study.
SELECT detail ->> 'picture' AS object_key
FROM idh.review
WHERE kind = 'automatic_roi' AND subject = :study_id
ORDER BY opened_at DESC, review_id DESC
LIMIT 1
