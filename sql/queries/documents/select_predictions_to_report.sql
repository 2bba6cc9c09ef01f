-- The champions' predictions for a study, with its label and its latest document. There are none if the document must be
-- superseded because the study was excluded, its outline is no longer accepted, a champion was withdrawn since, or it is
-- not sure any more whose study it is.
WITH reported AS (
    SELECT
        t.study_id, max(l.idh_status) AS idh_status, max(l.report_version) AS report_version,
        jsonb_agg(
            jsonb_build_object(
                'sequence', p.sequence, 'model_id', p.model_id, 'probability_mutant', p.calibrated
            ) ORDER BY p.sequence
        ) AS predicted
    FROM idh.study AS t
    JOIN idh.preparation AS n ON n.study_id = t.study_id AND n.revision = t.revision
    JOIN idh.patch AS c ON c.study_id = t.study_id AND c.revision = t.revision AND c.settings_hash = n.made_with
    JOIN idh.prediction AS p ON p.patch_id = c.patch_id
    JOIN idh.model AS m ON m.model_id = p.model_id AND m.state = 'champion'
    LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id AND l.chosen AND l.idh_status <> 'indeterminate'
    WHERE t.study_id = :study_id AND c.code IS NULL
        AND NOT EXISTS (SELECT FROM idh.study_exclusion AS e WHERE e.study_id = t.study_id AND e.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM idh.owner_doubt AS d WHERE d.study_id = t.study_id)
    GROUP BY t.study_id
),
latest AS (
    SELECT o.study_id, o.document_id, o.content_hash, o.object_key, o.sha256, o.created_at
    FROM idh.document AS o
    WHERE o.study_id = :study_id
    ORDER BY o.created_at DESC, o.document_id
    LIMIT 1
),
withdrawn AS (
    SELECT e.study_id FROM idh.study_exclusion AS e WHERE e.study_id = :study_id AND e.ended_at IS NULL
    UNION
    SELECT b.study_id FROM idh.owner_doubt AS b WHERE b.study_id = :study_id
    UNION
    SELECT h.study_id
    FROM idh.owner_change AS h
    JOIN latest AS o ON o.study_id = h.study_id
    WHERE h.changed_at > o.created_at
    UNION
    SELECT c.study_id
    FROM idh.patch AS c
    JOIN idh.study AS t ON t.study_id = c.study_id AND t.revision = c.revision
    WHERE c.study_id = :study_id AND c.code = 'W_ROI_PROPOSED' AND c.object_key IS NOT NULL
    UNION
    SELECT p.study_id
    FROM idh.prediction AS p
    JOIN idh.model AS m ON m.model_id = p.model_id
    JOIN latest AS o ON o.study_id = p.study_id
    WHERE m.withdrawn_at > o.created_at
)
SELECT
    t.study_id, t.revision, r.idh_status, r.report_version, coalesce(r.predicted, '[]'::jsonb) AS predicted,
    d.document_id, d.content_hash, d.object_key, d.sha256
FROM idh.study AS t
LEFT JOIN reported AS r ON r.study_id = t.study_id
LEFT JOIN latest AS d ON d.study_id = t.study_id
WHERE t.study_id = :study_id
    AND (r.study_id IS NOT NULL OR (d.document_id IS NOT NULL AND EXISTS (SELECT FROM withdrawn)))
