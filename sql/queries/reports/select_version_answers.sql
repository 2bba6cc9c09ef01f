-- What reviewers chose between the versions of these reports.
SELECT subject AS report_key, evidence, answer
FROM idh.review
WHERE kind = 'report_versions' AND answer IS NOT NULL AND subject = ANY(CAST(:report_keys AS text[]))
