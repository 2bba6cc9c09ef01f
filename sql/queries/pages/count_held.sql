-- How many are held by code and scope, the most first, and how many of them can be tried again.
SELECT code, scope, count(*) AS items, count(item_id) AS returning, min(created_at) AS oldest
FROM idh.quarantine
WHERE readmitted_at IS NULL AND code <> ALL(CAST(:notes AS text[]))
GROUP BY code, scope
ORDER BY items DESC, code, scope
