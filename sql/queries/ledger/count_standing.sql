-- What has become of these deliveries: known, held, or open.
SELECT
    count(*) FILTER (WHERE state IN ('ingested', 'unchanged')) AS known,
    count(*) FILTER (WHERE state = 'quarantined') AS held,
    count(*) FILTER (WHERE state IN ('found', 'failed', 'vanished')) AS open
FROM phi.inbox
WHERE item_id = ANY(CAST(:item_ids AS text[]))
