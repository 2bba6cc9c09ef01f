SELECT
    report_id, version, issuer, patient_id, birth_date, sex, report_status, diagnosis,
    surgery_date, specimen_date, age_years, method, result
FROM idh_results
ORDER BY report_id, version, method
