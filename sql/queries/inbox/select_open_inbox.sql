SELECT item_id FROM phi.inbox WHERE state IN ('found', 'failed') AND source = :source ORDER BY item_id
