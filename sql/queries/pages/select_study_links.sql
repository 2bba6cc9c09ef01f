-- The reports of the study's patient, with the rule that accepted or refused each.
SELECT l.report_key, l.report_version, l.days_before_surgery, l.chosen, l.code, l.linked_at, l.idh_status,
    l.made_by, r.rule, r.corrected, r.report_status, r.received_at
FROM idh.case_link AS l
JOIN idh.report AS r ON r.report_key = l.report_key AND r.version = l.report_version
WHERE l.study_id = :study_id
ORDER BY l.chosen DESC, l.linked_at DESC
LIMIT 50
