INSERT INTO idh.packed_patch (object_key, place, patch_id, sha256)
SELECT :object_key, p.number - 1, p.patch_id, p.sha256
FROM unnest(CAST(:patch_ids AS text[]), CAST(:hashes AS text[])) WITH ORDINALITY AS p (patch_id, sha256, number)
ON CONFLICT DO NOTHING
