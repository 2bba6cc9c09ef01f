INSERT INTO idh_results (
    report_id, version, issuer, patient_id, patient_name, birth_date, sex, report_status,
    diagnosis, surgery_date, specimen_date, age_years, method, result
)
VALUES (
    :report_id, :version, :issuer, :patient_id, :patient_name, :birth_date, :sex, :report_status,
    :diagnosis, :surgery_date, :specimen_date, :age_years, :method, :result
)
ON CONFLICT DO NOTHING
