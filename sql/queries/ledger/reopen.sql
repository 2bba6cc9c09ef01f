-- Has the next night fetch the latest delivery of each of these studies again.
UPDATE phi.inbox AS i SET state = 'found', code = NULL, reason = NULL, priority = 0
WHERE i.source = :source AND i.locator = ANY(CAST(:study_uids AS text[])) AND i.state NOT IN ('found', 'failed')
    AND NOT EXISTS (
        SELECT FROM phi.inbox AS o
        WHERE o.source = i.source AND o.locator = i.locator AND (o.listed_at, o.item_id) > (i.listed_at, i.item_id)
    )
