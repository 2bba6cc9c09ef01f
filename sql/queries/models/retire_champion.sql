UPDATE idh.model SET state = 'retired'
WHERE sequence = :sequence AND state = 'champion' AND model_id <> :model_id
