INSERT INTO phi.report_source (report_key, version, report_id, issuer, patient_id, birth_date, sex, reported)
SELECT report_key, version, report_id, issuer, patient_id, birth_date, sex, reported
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    report_key text, version bigint, report_id text, issuer text, patient_id text, birth_date date, sex text,
    reported jsonb
)
ON CONFLICT DO NOTHING
