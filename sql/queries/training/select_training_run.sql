SELECT run_id, dataset_id, state, report_key, settings FROM idh.training_run WHERE run_id = :run_id
