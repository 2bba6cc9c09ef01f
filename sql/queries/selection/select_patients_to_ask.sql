-- Patients with a report that may be of a glioblastoma, of whom an archive has not been asked since the latest version
-- of a report, a merge or a change of the filter; those who were never asked first, then the longest ago.
WITH cause AS (
    SELECT
        o.person_key,
        md5(string_agg(r.report_key || ':' || r.version, ' ' ORDER BY r.report_key, r.version)) AS reports
    FROM idh.report AS r
    JOIN idh.person_of AS o ON o.patient_key = r.patient_key
    WHERE r.glioblastoma IS NOT FALSE
    GROUP BY o.person_key
)
SELECT i.patient_key, i.issuer, i.identifier, c.reports || CAST(:filter_version AS text) AS cause
FROM cause AS c
JOIN idh.person_of AS o ON o.person_key = c.person_key
JOIN phi.patient_identity AS i ON i.patient_key = o.patient_key
LEFT JOIN idh.patient_query AS q ON q.source = :source AND q.patient_key = i.patient_key
WHERE q.cause IS DISTINCT FROM c.reports || CAST(:filter_version AS text)
    AND NOT EXISTS (SELECT FROM idh.erasure AS e WHERE e.patient_key = i.patient_key)
ORDER BY q.asked_at ASC NULLS FIRST, i.patient_key ASC
LIMIT :most
