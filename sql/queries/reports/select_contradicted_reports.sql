-- Stored versions whose content differs from the one that has now arrived.
SELECT given.report_key, given.version
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (report_key text, version bigint, content_hash text)
JOIN idh.report AS r ON r.report_key = given.report_key AND r.version = given.version
WHERE r.content_hash NOT IN ('', given.content_hash)
