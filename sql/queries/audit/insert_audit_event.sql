INSERT INTO idh.audit_event (actor, action, subject, detail)
VALUES (:actor, :action, :subject, CAST(:detail AS jsonb))
