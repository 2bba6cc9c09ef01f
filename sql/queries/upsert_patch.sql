INSERT INTO idh.patch (
    patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256,
    overlap, slice_index, rectangle, roi_mean, code, reason
)
VALUES (
    :patch_id, :study_id, :revision, :sequence, :settings_hash, :provenance, :object_key, :sha256,
    :overlap, :slice_index, :rectangle, :roi_mean, :code, :reason
)
ON CONFLICT (study_id, revision, sequence, settings_hash) DO NOTHING
