-- Deliveries to be ingested, the most urgent first; those above the priority wait for a backfill, and those that failed
-- in several nights for their next try.
SELECT item_id
FROM phi.inbox
WHERE state IN ('found', 'failed') AND source = :source AND priority BETWEEN :least AND :most
    AND (nights_tried <= 1 OR next_try <= :now)
ORDER BY priority, item_id
