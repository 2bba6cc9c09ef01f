SELECT item_id, source, locator, fingerprint, state, priority FROM phi.inbox WHERE item_id = :item_id
