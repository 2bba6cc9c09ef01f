SELECT outcome, count(*) AS studies
FROM (
    SELECT
        t.study_id,
        coalesce(max(l.idh_status) FILTER (WHERE l.chosen), min(l.code), 'W_NO_PATHOLOGY') AS outcome
    FROM idh.study AS t
    LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id
    GROUP BY t.study_id
) AS studies
GROUP BY outcome
ORDER BY outcome
