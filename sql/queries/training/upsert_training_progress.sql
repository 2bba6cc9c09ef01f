INSERT INTO idh.training_progress (run_id, sequence, fold, epoch, loss)
VALUES (:run_id, :sequence, :fold, :epoch, :loss)
ON CONFLICT (run_id, sequence, fold) DO UPDATE SET epoch = EXCLUDED.epoch, loss = EXCLUDED.loss, updated_at = now()
