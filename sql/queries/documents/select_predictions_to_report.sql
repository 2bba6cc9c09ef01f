-- The champions' predictions for every current study, with its label and its latest document; none for a study whose
-- document must be superseded because the study was excluded, its outline is no longer accepted, a champion was
-- withdrawn since, or it is not sure any more whose study it is.
WITH reported AS (
    SELECT
        t.study_id, max(l.idh_status) AS idh_status, max(l.report_version) AS report_version,
        jsonb_agg(
            jsonb_build_object(
                'sequence', p.sequence, 'model_id', p.model_id, 'probability_mutant', p.calibrated
            ) ORDER BY p.sequence
        ) AS predicted
    FROM idh.prediction AS p
    JOIN idh.model AS m ON m.model_id = p.model_id AND m.state = 'champion'
    JOIN idh.patch AS c ON c.patch_id = p.patch_id
    JOIN idh.study AS t ON t.study_id = c.study_id AND t.revision = c.revision
    LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id AND l.chosen AND l.idh_status <> 'indeterminate'
    WHERE c.settings_hash = :settings_hash AND c.code IS NULL
        AND NOT EXISTS (SELECT FROM idh.study_exclusion AS e WHERE e.study_id = t.study_id AND e.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM idh.owner_doubt AS d WHERE d.study_id = t.study_id)
    GROUP BY t.study_id
),
withdrawn AS (
    SELECT e.study_id FROM idh.study_exclusion AS e WHERE e.ended_at IS NULL
    UNION
    SELECT b.study_id FROM idh.owner_doubt AS b
    UNION
    SELECT h.study_id
    FROM idh.owner_change AS h
    WHERE h.changed_at > (SELECT max(o.created_at) FROM idh.document AS o WHERE o.study_id = h.study_id)
    UNION
    SELECT c.study_id
    FROM idh.patch AS c
    JOIN idh.study AS t ON t.study_id = c.study_id AND t.revision = c.revision
    WHERE c.code = 'W_ROI_PROPOSED' AND c.object_key IS NOT NULL
    UNION
    SELECT p.study_id
    FROM idh.model AS m
    JOIN idh.prediction AS p ON p.model_id = m.model_id
    WHERE m.withdrawn_at > (SELECT max(o.created_at) FROM idh.document AS o WHERE o.study_id = p.study_id)
    EXCEPT
    SELECT r.study_id FROM reported AS r
),
wanted AS (
    SELECT r.study_id, r.idh_status, r.report_version, r.predicted, false AS supersedes FROM reported AS r
    UNION ALL
    SELECT w.study_id, NULL, NULL, '[]'::jsonb, true FROM withdrawn AS w
)
SELECT
    n.study_id, t.revision, n.idh_status, n.report_version, n.predicted,
    d.document_id, d.content_hash, d.object_key, d.sha256
FROM wanted AS n
JOIN idh.study AS t ON t.study_id = n.study_id
LEFT JOIN LATERAL (
    SELECT o.document_id, o.content_hash, o.object_key, o.sha256
    FROM idh.document AS o
    WHERE o.study_id = n.study_id
    ORDER BY o.created_at DESC, o.document_id
    LIMIT 1
) AS d ON true
WHERE NOT n.supersedes OR d.document_id IS NOT NULL
ORDER BY n.study_id
