-- The manufacturers to filter by.
SELECT DISTINCT manufacturer FROM idh.study ORDER BY manufacturer LIMIT 50
