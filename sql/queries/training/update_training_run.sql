-- A promoted run stays promoted when its report is written again.
UPDATE idh.training_run
SET state = CASE WHEN state = 'promoted' THEN state ELSE :state END, report_key = coalesce(:report_key, report_key)
WHERE run_id = :run_id
