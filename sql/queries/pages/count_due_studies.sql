-- How many studies are to be prepared, and how many of them again; how many others have patches of another version; and
-- how many steps were given up. Each stops counting where the page says 'more than'.
SELECT
    count(*) AS studies, count(*) FILTER (WHERE d.again) AS again,
    (
        SELECT count(*)
        FROM (
            SELECT FROM idh.preparation AS n
            WHERE NOT n.after_surgery AND (n.made_with < :settings_hash OR n.made_with > :settings_hash)
                AND NOT EXISTS (
                    SELECT FROM idh.due_work AS w
                    WHERE w.stage = 'prepare' AND w.item = n.study_id AND w.code IS NULL
                )
            LIMIT :most
        ) AS o
    ) AS outdated,
    (SELECT count(*) FROM (SELECT FROM idh.due_work WHERE code IS NOT NULL LIMIT :most) AS g) AS given_up
FROM (SELECT s.again FROM idh.due_studies(:settings_hash) AS s LIMIT :most) AS d
