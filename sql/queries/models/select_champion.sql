SELECT model_id, run_id FROM idh.model WHERE sequence = :sequence AND state = 'champion'
