SELECT run_id, dataset_id, state, settings FROM idh.training_run WHERE run_id = :run_id
