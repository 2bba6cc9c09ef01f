INSERT INTO idh.report_standing (report_key, versions, detail, options)
SELECT report_key, versions, detail, options
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    report_key text, versions bigint[], detail jsonb, options text[]
)
