-- How far each fold of the latest run is, while it trains; fold -1 is the final network.
SELECT g.sequence, g.fold, g.epoch, g.loss, g.updated_at
FROM idh.training_progress AS g
WHERE g.run_id = (SELECT run_id FROM idh.training_run ORDER BY created_at DESC LIMIT 1)
ORDER BY g.sequence, g.fold
