SELECT run_id, dataset_id, report_key
FROM idh.training_run
WHERE state = 'promoted'
ORDER BY created_at DESC
LIMIT 1
