INSERT INTO idh.assay (report_key, version, method, result)
VALUES (:report_key, :version, :method, :result)
ON CONFLICT DO NOTHING
