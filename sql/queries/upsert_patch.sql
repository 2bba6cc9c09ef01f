INSERT INTO idh.patch (
    patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256,
    overlap, slice_index, rectangle, roi_mean, code, reason
)
VALUES (
    :patch_id, :study_id, :revision, :sequence, :settings_hash, :provenance, :object_key, :sha256,
    :overlap, :slice_index, :rectangle, :roi_mean, :code, :reason
)
ON CONFLICT (study_id, revision, sequence, settings_hash) DO UPDATE SET
    provenance = EXCLUDED.provenance, object_key = EXCLUDED.object_key, sha256 = EXCLUDED.sha256,
    overlap = EXCLUDED.overlap, slice_index = EXCLUDED.slice_index, rectangle = EXCLUDED.rectangle,
    roi_mean = EXCLUDED.roi_mean, code = EXCLUDED.code, reason = EXCLUDED.reason, created_at = now()
WHERE patch.code = 'W_ROI_PROPOSED'
