INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position)
VALUES (:item_id, :source, :locator, :fingerprint, :position)
ON CONFLICT (source, locator, fingerprint) DO NOTHING
