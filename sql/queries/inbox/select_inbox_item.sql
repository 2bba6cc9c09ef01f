SELECT item_id, source, locator, fingerprint, state, priority, nights_tried, next_try
FROM phi.inbox
WHERE item_id = :item_id
