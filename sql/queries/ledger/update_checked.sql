UPDATE phi.study_identity AS s SET series_digest = coalesce(g.digest, s.series_digest), series_checked_at = now()
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (study_id text, digest text)
WHERE s.study_id = g.study_id
