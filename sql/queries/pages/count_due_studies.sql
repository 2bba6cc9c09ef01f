-- How many studies are to be prepared, and how many of them again; it stops counting where the page says 'more than'.
SELECT count(*) AS studies, count(*) FILTER (WHERE d.again) AS again
FROM (SELECT s.again FROM idh.due_studies(:settings_hash) AS s LIMIT :most) AS d
