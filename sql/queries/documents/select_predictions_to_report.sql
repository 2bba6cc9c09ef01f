-- The champions' predictions for every current study, with its label and its latest document.
SELECT
    t.study_id, t.revision, max(l.idh_status) AS idh_status, max(l.report_version) AS report_version,
    jsonb_agg(
        jsonb_build_object(
            'sequence', p.sequence, 'model_id', p.model_id, 'probability_mutant', p.calibrated
        ) ORDER BY p.sequence
    ) AS predicted,
    d.document_id, d.content_hash, d.object_key, d.sha256
FROM idh.prediction AS p
JOIN idh.model AS m ON m.model_id = p.model_id AND m.state = 'champion'
JOIN idh.patch AS c ON c.patch_id = p.patch_id
JOIN idh.study AS t ON t.study_id = c.study_id AND t.revision = c.revision
LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id AND l.chosen AND l.idh_status <> 'indeterminate'
LEFT JOIN LATERAL (
    SELECT o.document_id, o.content_hash, o.object_key, o.sha256
    FROM idh.document AS o
    WHERE o.study_id = t.study_id
    ORDER BY o.created_at DESC, o.document_id
    LIMIT 1
) AS d ON true
WHERE c.settings_hash = :settings_hash
GROUP BY t.study_id, t.revision, d.document_id, d.content_hash, d.object_key, d.sha256
ORDER BY t.study_id
