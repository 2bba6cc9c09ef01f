SELECT source, state, count(*) AS items FROM phi.inbox WHERE item_id = ANY(:item_ids) GROUP BY source, state
