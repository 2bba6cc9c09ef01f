-- The series of a study whose names are not sure; open questions about its other series, or on other grounds, are moot.
WITH given AS (
    SELECT series_id, evidence_hash, detail
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (series_id text, evidence_hash text, detail jsonb)
),
moot AS (
    UPDATE idh.review AS v SET moot = true
    WHERE v.kind = 'series_name' AND v.answer IS NULL AND NOT v.moot
        AND v.subject IN (SELECT s.series_id FROM idh.series AS s WHERE s.study_id = :study_id)
        AND NOT EXISTS (SELECT FROM given AS g WHERE g.series_id = v.subject AND g.evidence_hash = v.evidence)
)
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options)
SELECT 'series_name', g.series_id, g.evidence_hash, o.person_key, g.detail, CAST(:options AS text[])
FROM given AS g
JOIN idh.study AS t ON t.study_id = :study_id
JOIN idh.person_of AS o USING (patient_key)
-- What had become moot arises again.
ON CONFLICT (kind, subject, evidence) DO UPDATE
SET moot = false, asked_at = NULL, person_key = excluded.person_key
WHERE review.moot AND review.answer IS NULL
