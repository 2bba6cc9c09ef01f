-- A question whose content has changed is asked again; an answered one stays as it was answered.
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options)
SELECT kind, subject, evidence, person_key, detail, options
FROM candidate_review
ON CONFLICT (kind, subject, evidence) DO UPDATE SET
    moot = false,
    person_key = EXCLUDED.person_key,
    detail = CASE WHEN review.answer IS NULL THEN EXCLUDED.detail ELSE review.detail END,
    options = CASE WHEN review.answer IS NULL THEN EXCLUDED.options ELSE review.options END,
    asked_at = CASE
        WHEN (review.detail, review.options) = (EXCLUDED.detail, EXCLUDED.options) THEN review.asked_at
    END
WHERE review.moot OR review.person_key <> EXCLUDED.person_key
    OR (review.answer IS NULL AND (review.detail, review.options) <> (EXCLUDED.detail, EXCLUDED.options))
