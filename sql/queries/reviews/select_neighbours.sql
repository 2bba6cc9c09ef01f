-- The open questions beside one in the queue, the oldest first, and the studies of those it is about, the newest first;
-- one more than is shown.
SELECT
    (
        SELECT p.review_id FROM idh.review AS p
        WHERE p.answer IS NULL AND NOT p.moot AND (p.opened_at, p.review_id) < (v.opened_at, v.review_id)
        ORDER BY p.opened_at DESC, p.review_id DESC LIMIT 1
    ) AS before,
    (
        SELECT n.review_id FROM idh.review AS n
        WHERE n.answer IS NULL AND NOT n.moot AND (n.opened_at, n.review_id) > (v.opened_at, v.review_id)
        ORDER BY n.opened_at, n.review_id LIMIT 1
    ) AS after,
    ARRAY(
        SELECT t.study_id
        FROM (
            SELECT v.person_key
            UNION
            SELECT unnest(string_to_array(v.subject, ' ')) WHERE v.kind = 'same_image'
        ) AS one
        CROSS JOIN LATERAL idh.patients_of(one.person_key) AS o
        JOIN idh.study AS t USING (patient_key)
        ORDER BY (t.study_id IN (v.subject, v.detail ->> 'study')) IS TRUE DESC, t.study_date DESC
        LIMIT 11
    ) AS studies
FROM idh.review AS v
WHERE v.review_id = :review_id
