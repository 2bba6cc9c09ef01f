-- Each open question is asked once, and again if nobody has answered it within `again_after_days`.
UPDATE idh.review SET asked_at = now()
WHERE review_id IN (
    SELECT v.review_id FROM idh.review AS v
    WHERE v.answer IS NULL AND NOT v.moot
        AND (v.asked_at IS NULL OR v.asked_at < now() - make_interval(days => :again_after_days))
    ORDER BY v.opened_at, v.review_id
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
RETURNING review_id, kind, subject, evidence, person_key, detail, options, reopened_at
