INSERT INTO idh.assay (report_key, version, method, number, result, words)
SELECT report_key, version, method, number, result, words
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    report_key text, version bigint, method text, number integer, result text, words text
)
ON CONFLICT DO NOTHING
