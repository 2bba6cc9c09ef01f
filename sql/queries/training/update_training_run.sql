UPDATE idh.training_run
SET state = :state, report_key = coalesce(:report_key, report_key)
WHERE run_id = :run_id
