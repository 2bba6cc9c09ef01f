-- The pairs that a search has found; open questions about others are moot, as they are not in the present dataset.
WITH given AS (
    SELECT subject, evidence, patient_key, detail
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (subject text, evidence text, patient_key text, detail jsonb)
),
moot AS (
    UPDATE idh.review AS v SET moot = true
    WHERE v.kind = 'same_image' AND v.answer IS NULL AND NOT v.moot
        AND NOT EXISTS (SELECT FROM given AS g WHERE g.subject = v.subject AND g.evidence = v.evidence)
)
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options)
SELECT 'same_image', g.subject, g.evidence, o.person_key, g.detail, CAST(:options AS text[])
FROM given AS g
JOIN idh.person_of AS o USING (patient_key)
-- What had become moot arises again.
ON CONFLICT (kind, subject, evidence) DO UPDATE
SET moot = false, asked_at = NULL, person_key = excluded.person_key
WHERE review.moot AND review.answer IS NULL
