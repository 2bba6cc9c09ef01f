-- Deliveries to be ingested, the most urgent first; those above the priority wait for a backfill.
SELECT item_id
FROM phi.inbox
WHERE state IN ('found', 'failed') AND source = :source AND priority BETWEEN :least AND :most
ORDER BY priority, item_id
