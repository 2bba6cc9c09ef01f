INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position)
VALUES (:item_id, :source, :locator, :fingerprint, :position)
ON CONFLICT (source, locator, fingerprint) DO UPDATE SET
    times_seen = phi.inbox.times_seen + 1,
    state = CASE WHEN phi.inbox.state = 'vanished' THEN 'found' ELSE phi.inbox.state END
