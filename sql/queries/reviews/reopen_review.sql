SELECT idh.reopen_review(:review_id, :operator, :reason) AS answer
