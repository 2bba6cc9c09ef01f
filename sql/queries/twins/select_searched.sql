SELECT true AS searched FROM idh.training_run WHERE run_id = :run_id AND twins_searched_at IS NOT NULL
