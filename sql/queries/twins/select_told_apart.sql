SELECT review_id, subject, evidence, answered_at FROM idh.review
WHERE kind = 'same_image' AND answer = :answer
ORDER BY review_id
