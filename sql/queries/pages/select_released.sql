-- What a person had tried again and no run has taken or held since, the latest first.
SELECT subject, code, scope, study_id, reason, released_at, released_by
FROM phi.released(:code, :study, CAST(:size AS integer))
