DELETE FROM idh.case_link AS l
WHERE NOT EXISTS (
    SELECT 1
    FROM idh.case_candidates(:window_days) AS c
    WHERE c.study_id = l.study_id AND c.report_key = l.report_key
        AND c.report_version = l.report_version AND c.code = l.code
)
