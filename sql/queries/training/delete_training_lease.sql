DELETE FROM idh.training_lease WHERE run_id = :run_id AND sequence = :sequence AND holder = :holder
