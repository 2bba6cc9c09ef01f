-- Of the reports of noted patients, those with several versions whose standing is not derived yet, or whose question has
-- been answered since.
WITH noted AS (
    SELECT DISTINCT r.report_key
    FROM idh.due_work AS w
    JOIN idh.report AS r ON r.patient_key = w.item
    WHERE w.stage = 'link'
)

SELECT r.report_key
FROM noted AS n
JOIN idh.report AS r ON r.report_key = n.report_key
WHERE NOT EXISTS (SELECT 1 FROM idh.report_standing AS s WHERE s.report_key = n.report_key)
GROUP BY r.report_key
HAVING count(*) > 1
UNION
SELECT s.report_key
FROM noted AS n
JOIN idh.report_standing AS s ON s.report_key = n.report_key
JOIN idh.review AS v
    ON v.kind = 'report_versions' AND v.subject = s.report_key
    AND v.evidence = array_to_string(s.versions, ' ') AND v.answer IS NOT NULL
