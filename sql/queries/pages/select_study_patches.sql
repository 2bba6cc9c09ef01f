-- The patches of the study by the present code and settings, or why there is none; before they are made, the newest
-- ones of earlier versions.
SELECT
    p.sequence, p.patch_id, p.code, p.reason, p.created_at, p.made_by, p.provenance, p.slice_index,
    coalesce(p.quality, '{}') AS quality, coalesce(p.origin -> 'settings', '{}') AS settings,
    p.origin ->> 'reference' AS reference, p.origin ->> 'outline' AS outline, p.origin ->> 'outline_sha256' AS outline_sha256,
    p.settings_hash = :settings_hash AS present
FROM (
    SELECT DISTINCT ON (a.sequence) a.*
    FROM idh.patch AS a
    JOIN idh.study AS t ON t.study_id = a.study_id AND t.revision = a.revision
    WHERE a.study_id = :study_id
    ORDER BY a.sequence ASC, a.settings_hash = :settings_hash DESC, a.created_at DESC
) AS p
ORDER BY array_position(ARRAY['T1', 'T2', 'FLAIR', 'MPRAGE', 'RCBV', 'ADC'], p.sequence)
