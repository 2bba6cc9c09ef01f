INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options)
SELECT kind, subject, evidence, person_key, detail, options
FROM candidate_review
ON CONFLICT (kind, subject, evidence) DO UPDATE SET moot = false, person_key = EXCLUDED.person_key
WHERE review.moot OR review.person_key <> EXCLUDED.person_key
