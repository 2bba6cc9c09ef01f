-- How long the sequences that were trained last took.
SELECT
    (
        SELECT count(*) FROM idh.dataset_member AS m
        WHERE m.dataset_id = t.dataset_id AND m.sequence = r.sequence
    ) AS patients,
    r.seconds, r.device, t.settings
FROM idh.training_run AS t
JOIN idh.sequence_result AS r USING (run_id)
WHERE r.seconds > 0
ORDER BY t.created_at DESC, r.sequence
LIMIT 6
