-- Reports with several versions whose standing is not derived yet, or whose question has been answered since.
SELECT r.report_key
FROM idh.report AS r
WHERE NOT EXISTS (SELECT 1 FROM idh.report_standing AS s WHERE s.report_key = r.report_key)
GROUP BY r.report_key
HAVING count(*) > 1
UNION
SELECT s.report_key
FROM idh.report_standing AS s
JOIN idh.review AS v
    ON v.kind = 'report_versions' AND v.subject = s.report_key
    AND v.evidence = array_to_string(s.versions, ' ') AND v.answer IS NOT NULL
