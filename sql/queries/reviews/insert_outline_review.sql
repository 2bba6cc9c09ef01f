-- An outline was proposed or submitted for a study; open questions about earlier ones for this study become moot.
WITH moot AS (
    UPDATE idh.review SET moot = true
    WHERE kind = 'automatic_roi' AND subject = :study_id AND evidence <> :sha256 AND answer IS NULL
)
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options)
SELECT 'automatic_roi', t.study_id, :sha256, o.person_key,
    jsonb_strip_nulls(jsonb_build_object(
        'origin', CAST(:origin AS text),
        'volume in ml', CAST(:volume_ml AS numeric),
        'doubts', CAST(:doubts AS text),
        'picture', CAST(:object_key AS text)
    )),
    ARRAY['accept', 'reject']
FROM idh.study AS t
JOIN idh.person_of AS o USING (patient_key)
WHERE t.study_id = :study_id
-- What had become moot arises again.
ON CONFLICT (kind, subject, evidence) DO UPDATE
SET moot = false, asked_at = NULL, person_key = excluded.person_key
WHERE review.moot AND review.answer IS NULL
