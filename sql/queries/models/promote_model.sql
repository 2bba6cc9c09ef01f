UPDATE idh.model SET state = 'champion', promoted_at = now()
WHERE model_id = :model_id AND state <> 'champion'
