UPDATE idh.training_run SET twins_searched_at = now() WHERE run_id = :run_id AND twins_searched_at IS NULL
