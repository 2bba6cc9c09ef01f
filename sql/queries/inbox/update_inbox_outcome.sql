-- A delivery of a backfill that has an outcome belongs to the nights from then on, should it be tried again.
UPDATE phi.inbox
SET
    state = :state, code = :code, reason = :reason, study_id = :study_id, finished_at = now(),
    priority = CASE WHEN :state = 'failed' THEN priority ELSE 0 END,
    nights_tried = CASE WHEN :state = 'failed' THEN nights_tried ELSE 0 END,
    next_try = CASE WHEN :state = 'failed' THEN next_try END,
    seconds = :seconds, files = :files, bytes = :bytes
WHERE item_id = :item_id
