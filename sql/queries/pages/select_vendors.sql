-- The manufacturers to filter by: from each to the next one by its index, so that the studies are not read.
WITH RECURSIVE vendor AS (
    SELECT min(t.manufacturer) AS manufacturer FROM idh.study AS t
    UNION ALL
    SELECT (SELECT min(t.manufacturer) FROM idh.study AS t WHERE t.manufacturer > v.manufacturer)
    FROM vendor AS v
    WHERE v.manufacturer IS NOT NULL
)

SELECT manufacturer FROM vendor WHERE manufacturer IS NOT NULL LIMIT 50
