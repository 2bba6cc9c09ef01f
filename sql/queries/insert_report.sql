INSERT INTO idh.report (
    report_key, version, patient_key, report_status, diagnosis, surgery_date, specimen_date,
    age_years, idh_status, rule, evidence, provisional, who_2021
)
VALUES (
    :report_key, :version, :patient_key, :report_status, :diagnosis, :surgery_date, :specimen_date,
    :age_years, :idh_status, :rule, :evidence, :provisional, :who_2021
)
ON CONFLICT (report_key, version) DO NOTHING
