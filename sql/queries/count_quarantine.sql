SELECT scope, code, count(*) AS items FROM idh.quarantine GROUP BY scope, code ORDER BY scope, code
