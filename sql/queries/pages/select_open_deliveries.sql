-- Deliveries without an outcome, the oldest first.
SELECT item_id, source, state, code, reason, times_seen, found_at, nights_tried, next_try
FROM phi.open_deliveries(:size)
