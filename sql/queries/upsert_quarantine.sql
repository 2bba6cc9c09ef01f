INSERT INTO idh.quarantine (subject, code, scope, study_id, reason)
VALUES (:subject, :code, :scope, :study_id, :reason)
ON CONFLICT (subject, code) DO NOTHING
