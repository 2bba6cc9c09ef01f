-- Every actor of the audit log; each step of the recursion jumps along the index to the next one.
WITH RECURSIVE found AS (
    (SELECT min(e.actor) AS name FROM idh.audit_event AS e)
    UNION ALL
    SELECT (SELECT min(e.actor) FROM idh.audit_event AS e WHERE e.actor > f.name)
    FROM found AS f
    WHERE f.name IS NOT NULL
)

SELECT f.name FROM found AS f WHERE f.name IS NOT NULL ORDER BY f.name
