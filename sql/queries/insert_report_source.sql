INSERT INTO phi.report_source (report_key, version, report_id, reported)
VALUES (:report_key, :version, :report_id, CAST(:reported AS jsonb))
ON CONFLICT DO NOTHING
