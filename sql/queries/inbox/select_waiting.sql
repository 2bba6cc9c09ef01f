-- Deliveries that failed in several nights and wait for their next try.
SELECT item_id
FROM phi.inbox
WHERE state IN ('found', 'failed') AND source = :source AND priority BETWEEN :least AND :most
    AND nights_tried > 1 AND next_try > :now
