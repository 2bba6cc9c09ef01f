-- Every action of the audit log; each step of the recursion jumps along the index to the next one.
WITH RECURSIVE found AS (
    (SELECT min(e.action) AS name FROM idh.audit_event AS e)
    UNION ALL
    SELECT (SELECT min(e.action) FROM idh.audit_event AS e WHERE e.action > f.name)
    FROM found AS f
    WHERE f.name IS NOT NULL
)

SELECT f.name FROM found AS f WHERE f.name IS NOT NULL ORDER BY f.name
