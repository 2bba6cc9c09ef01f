SELECT item_id, source, locator, fingerprint, state FROM phi.inbox WHERE item_id = :item_id
