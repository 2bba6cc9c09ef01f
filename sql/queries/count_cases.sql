SELECT outcome, count(*) AS studies
FROM (
    SELECT
        t.study_id,
        coalesce(max(r.idh_status) FILTER (WHERE l.chosen), min(l.code), 'W_NO_PATHOLOGY') AS outcome
    FROM idh.study AS t
    LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id
    LEFT JOIN idh.report AS r ON r.report_key = l.report_key AND r.version = l.report_version
    GROUP BY t.study_id
) AS studies
GROUP BY outcome
ORDER BY outcome
