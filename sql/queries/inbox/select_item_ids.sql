-- The ids of deliveries by what the hospital calls them.
SELECT i.item_id
FROM phi.inbox AS i
JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (locator text, fingerprint text)
    ON i.locator = g.locator AND i.fingerprint = g.fingerprint
WHERE i.source = :source
