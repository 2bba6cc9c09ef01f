SELECT DISTINCT ON (m.patch_id) m.patch_id, k.object_key, s.sha256, k.place
FROM idh.training_run AS r
JOIN idh.dataset_member AS m USING (dataset_id)
JOIN idh.patch AS p USING (patch_id)
JOIN idh.packed_patch AS k ON k.patch_id = p.patch_id AND k.sha256 = p.sha256
JOIN idh.shard AS s ON s.object_key = k.object_key
WHERE r.run_id = :run_id AND m.sequence = :sequence
ORDER BY m.patch_id, k.object_key
