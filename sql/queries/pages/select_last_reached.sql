-- When a night last listed each source; a night that could not list one does not count. From each source to the next
-- one by the index, so that the nights are not read.
WITH RECURSIVE listed AS (
    (SELECT n.source, n.occurred_at FROM idh.ingest_night AS n WHERE n.listed ORDER BY n.source, n.occurred_at DESC LIMIT 1)
    UNION ALL
    SELECT following.source, following.occurred_at
    FROM listed AS l
    CROSS JOIN LATERAL (
        SELECT n.source, n.occurred_at FROM idh.ingest_night AS n
        WHERE n.listed AND n.source > l.source
        ORDER BY n.source, n.occurred_at DESC
        LIMIT 1
    ) AS following
)

SELECT source, occurred_at AS reached FROM listed
UNION ALL
SELECT 'laboratory' AS source, max(occurred_at) AS reached FROM idh.feed_night WHERE rows_there IS NOT NULL
UNION ALL
SELECT source, updated_at AS reached FROM idh.watermark WHERE source = 'fhir'
