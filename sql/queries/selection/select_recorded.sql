-- Which of these studies were not picked up, as they are listed now and by the present filter.
SELECT e.study_token, e.reason
FROM idh.excluded_study AS e
JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (study_token text, fingerprint text)
    ON e.study_token = g.study_token AND e.fingerprint = g.fingerprint
WHERE e.source = :source AND e.filter_version = :filter_version
