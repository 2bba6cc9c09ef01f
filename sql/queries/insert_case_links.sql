INSERT INTO idh.case_link (study_id, report_key, report_version, patient_key, days_before_surgery, code, chosen)
SELECT c.study_id, c.report_key, c.report_version, c.patient_key, c.days_before_surgery, c.code, c.chosen
FROM idh.case_candidates(:window_days) AS c
ON CONFLICT (study_id, report_key) DO NOTHING
