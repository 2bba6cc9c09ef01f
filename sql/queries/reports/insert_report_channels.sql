INSERT INTO idh.report_channel (report_key, version, channel)
SELECT r.report_key, r.version, given.channel
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    report_key text, version bigint, content_hash text, channel text
)
JOIN idh.report AS r
    ON r.report_key = given.report_key AND coalesce(r.stated_version, r.version) = given.version
    AND r.content_hash IN ('', given.content_hash)
WHERE given.channel IS NOT NULL
ON CONFLICT DO NOTHING
RETURNING report_key
