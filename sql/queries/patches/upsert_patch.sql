INSERT INTO idh.patch (
    patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256,
    overlap, slice_index, rectangle, roi_mean, quality, origin, code, reason
)
VALUES (
    :patch_id, :study_id, :revision, :sequence, :settings_hash, :provenance, :object_key, :sha256,
    :overlap, :slice_index, :rectangle, :roi_mean, CAST(:quality AS jsonb), CAST(:origin AS jsonb), :code, :reason
)
ON CONFLICT (study_id, revision, sequence, settings_hash) DO UPDATE SET
    provenance = EXCLUDED.provenance, object_key = EXCLUDED.object_key, sha256 = EXCLUDED.sha256,
    overlap = EXCLUDED.overlap, slice_index = EXCLUDED.slice_index, rectangle = EXCLUDED.rectangle,
    roi_mean = EXCLUDED.roi_mean, quality = EXCLUDED.quality, origin = EXCLUDED.origin,
    code = EXCLUDED.code, reason = EXCLUDED.reason, created_at = now(), made_by = EXCLUDED.made_by
WHERE patch.code IN ('W_ROI_PROPOSED', 'E_PREPROC', 'E_PLUGIN')
