-- An outline was proposed for a study; open questions about earlier proposals for this study become moot.
WITH moot AS (
    UPDATE idh.review SET moot = true
    WHERE kind = 'automatic_roi' AND subject = :study_id AND evidence <> :sha256 AND answer IS NULL
)
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options)
SELECT 'automatic_roi', t.study_id, :sha256, o.person_key,
    jsonb_build_object(
        'volume in ml', CAST(:volume_ml AS numeric),
        'doubts', CAST(:doubts AS text),
        'picture', CAST(:object_key AS text)
    ),
    ARRAY['accept', 'reject']
FROM idh.study AS t
JOIN idh.person_of AS o USING (patient_key)
WHERE t.study_id = :study_id
ON CONFLICT (kind, subject, evidence) DO NOTHING
