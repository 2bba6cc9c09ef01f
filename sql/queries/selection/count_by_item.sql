-- How many of these deliveries were not picked up when their series were asked for, by source and reason.
SELECT source, reason, count(*) AS studies
FROM idh.excluded_study
WHERE item_id = ANY(CAST(:item_ids AS text[]))
GROUP BY source, reason
