UPDATE idh.review SET asked_at = NULL WHERE review_id = :review_id AND answer IS NULL
