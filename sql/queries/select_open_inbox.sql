SELECT item_id FROM phi.inbox WHERE state IN ('found', 'failed') ORDER BY item_id
