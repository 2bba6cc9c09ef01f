INSERT INTO idh.report (
    report_key, version, stated_version, revision, corrected, patient_key, report_status, glioblastoma, surgery_date,
    specimen_date, age_years, idh_status, rule, evidence, provisional, who_2016, who_2021, content_hash
)
SELECT
    report_key, version, stated_version, revision, corrected, patient_key, report_status, glioblastoma, surgery_date,
    specimen_date, age_years, idh_status, rule, evidence, provisional, who_2016, who_2021, content_hash
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    report_key text, version bigint, stated_version bigint, revision bigint, corrected boolean, patient_key text,
    report_status text, glioblastoma boolean, surgery_date date, specimen_date date, age_years numeric,
    idh_status text, rule text, evidence text, provisional boolean, who_2016 text, who_2021 text, content_hash text
)
