-- Of the delivered readings those that are not stored, and the smallest number that a version of the report has.
SELECT given.report_key, given.version, given.content_hash, s.taken, least(s.smallest, 0) AS smallest
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (report_key text, version bigint, content_hash text)
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(coalesce(r.stated_version, r.version) = given.version), false) AS taken,
        coalesce(bool_or(
            coalesce(r.stated_version, r.version) = given.version AND r.content_hash IN ('', given.content_hash)
        ), false) AS known,
        min(r.version) AS smallest
    FROM idh.report AS r
    WHERE r.report_key = given.report_key
) AS s
WHERE NOT s.known
