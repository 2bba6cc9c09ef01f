WITH readmitted AS (
    UPDATE idh.quarantine SET readmitted_at = now()
    WHERE subject = :subject AND readmitted_at IS NULL AND item_id IS NOT NULL
    RETURNING item_id
)
UPDATE phi.inbox AS i SET state = 'found', code = NULL, reason = NULL
FROM readmitted AS r WHERE i.item_id = r.item_id
RETURNING i.item_id
