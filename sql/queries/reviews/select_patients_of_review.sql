SELECT v.person_key AS patient_key FROM idh.review AS v WHERE v.review_id = :review_id
UNION
SELECT p.patient_key
FROM idh.review AS v
JOIN idh.patient AS p ON p.patient_key IN (v.subject, v.evidence)
WHERE v.review_id = :review_id
UNION
SELECT r.patient_key
FROM idh.review AS v
JOIN idh.report AS r ON r.report_key = v.subject
WHERE v.review_id = :review_id
