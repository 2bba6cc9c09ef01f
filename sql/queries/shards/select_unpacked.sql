SELECT w.patch_id
FROM unnest(CAST(:patch_ids AS text[]), CAST(:hashes AS text[])) AS w (patch_id, sha256)
WHERE NOT EXISTS (
    SELECT FROM idh.packed_patch AS k WHERE k.patch_id = w.patch_id AND k.sha256 = w.sha256
)
