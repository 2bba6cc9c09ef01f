DELETE FROM idh.case_link AS l USING touched AS t
WHERE l.patient_key = t.patient_key AND NOT EXISTS (
    SELECT 1
    FROM wanted_link AS w
    WHERE l.study_id = w.study_id AND l.report_key = w.report_key AND l.report_version = w.report_version
        AND l.patient_key = w.patient_key AND l.code = w.code AND l.idh_status = w.idh_status
        AND l.days_before_surgery IS NOT DISTINCT FROM w.days_before_surgery
)
