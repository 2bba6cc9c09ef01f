SELECT evidence AS sha256 FROM idh.review
WHERE kind = 'automatic_roi' AND subject = :study_id AND answer = 'accept'
