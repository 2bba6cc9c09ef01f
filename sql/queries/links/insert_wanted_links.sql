INSERT INTO idh.case_link (
    study_id, report_key, report_version, patient_key, days_before_surgery, idh_status, code, chosen
)
SELECT study_id, report_key, report_version, patient_key, days_before_surgery, idh_status, code, chosen
FROM wanted_link
ON CONFLICT (study_id, report_key) DO NOTHING
