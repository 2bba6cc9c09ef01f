-- Persons whose final reports contradict each other, with the reviewer's answer if there is one.
CREATE TEMPORARY TABLE conflict_now ON COMMIT DROP AS
SELECT c.person_key, c.evidence, v.answer
FROM (
    SELECT r.person_key, string_agg(r.report_key || ':' || r.version, ' ' ORDER BY r.report_key) AS evidence
    FROM report_now AS r
    WHERE r.report_status = 'final' AND r.idh_status <> 'indeterminate' AND NOT r.mismatch AND NOT r.contested AND NOT r.excluded
    GROUP BY r.person_key
    HAVING min(r.idh_status) <> max(r.idh_status)
) AS c
LEFT JOIN idh.review AS v ON v.kind = 'label_conflict' AND v.subject = c.person_key AND v.evidence = c.evidence;
ANALYZE conflict_now
