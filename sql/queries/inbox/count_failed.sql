-- Which of these deliveries have no outcome, by code; `repeated` are those that had none in an earlier night either.
SELECT source, coalesce(code, '') AS code, count(*) AS items, count(*) FILTER (WHERE nights_tried > 1) AS repeated
FROM phi.inbox
WHERE item_id = ANY(:item_ids) AND state IN ('found', 'failed')
GROUP BY source, coalesce(code, '')
ORDER BY source, items DESC, code
