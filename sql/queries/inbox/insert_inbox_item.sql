-- A delivery that is listed again; if its content was another one in between, it is to be ingested again.
INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position, priority)
VALUES (:item_id, :source, :locator, :fingerprint, :position, :priority)
ON CONFLICT (source, locator, fingerprint) DO UPDATE SET
    times_seen = phi.inbox.times_seen + 1,
    listed_at = now(),
    position = excluded.position,
    priority = least(phi.inbox.priority, excluded.priority),
    state = CASE
        WHEN phi.inbox.state = 'vanished' OR EXISTS (
            SELECT FROM phi.inbox AS o
            WHERE o.source = excluded.source AND o.locator = excluded.locator AND o.listed_at > phi.inbox.listed_at
        ) THEN 'found'
        ELSE phi.inbox.state
    END
