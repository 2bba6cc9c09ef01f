-- Every report version of the person of a study, the latest first, with the rule that accepted or refused its report.
SELECT
    r.report_key, r.version, r.received_at, r.report_status, r.idh_status, r.rule, r.glioblastoma, r.corrected,
    l.code, coalesce(l.chosen AND l.report_version = r.version, false) AS chosen
FROM idh.study AS t
JOIN idh.person_of AS o ON o.patient_key = t.patient_key
CROSS JOIN LATERAL idh.patients_of(o.person_key) AS p
JOIN idh.report AS r ON r.patient_key = p.patient_key
LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id AND l.report_key = r.report_key
WHERE t.study_id = :study_id
ORDER BY r.received_at DESC, r.report_key, r.version DESC
LIMIT 200
