-- Deliveries without an outcome after so many nights.
SELECT item_id, nights_tried AS nights, code, reason
FROM phi.inbox
WHERE state IN ('found', 'failed') AND source = :source AND nights_tried >= :most
ORDER BY item_id
