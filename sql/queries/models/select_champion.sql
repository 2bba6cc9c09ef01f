SELECT model_id FROM idh.model WHERE sequence = :sequence AND state = 'champion'
