SELECT sequence, patch_id, model_id, comment, reader, stated_at
FROM idh.disagreement
WHERE study_id = :study_id
ORDER BY stated_at DESC, disagreement_id DESC
LIMIT 50
