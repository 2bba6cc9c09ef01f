SELECT scope, code, count(*) AS items
FROM idh.quarantine
WHERE readmitted_at IS NULL
GROUP BY scope, code
ORDER BY scope, code
