UPDATE phi.inbox
SET state = :state, code = :code, reason = :reason, study_id = :study_id, finished_at = now()
WHERE item_id = :item_id
