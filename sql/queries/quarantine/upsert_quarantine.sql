INSERT INTO idh.quarantine (subject, code, scope, study_id, reason, item_id, object_key)
VALUES (:subject, :code, :scope, :study_id, :reason, :item_id, :object_key)
ON CONFLICT (subject, code) DO UPDATE SET
    reason = excluded.reason, item_id = excluded.item_id, object_key = excluded.object_key, readmitted_at = NULL,
    made_by = excluded.made_by
