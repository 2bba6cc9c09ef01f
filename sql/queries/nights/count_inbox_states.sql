SELECT state, coalesce(code, '') AS code, count(*) AS items
FROM phi.inbox
GROUP BY state, coalesce(code, '')
ORDER BY state, code
