SELECT q.object_key
FROM idh.quarantine AS q
LEFT JOIN phi.inbox AS i ON i.item_id = q.item_id
WHERE q.object_key IS NOT NULL AND (q.study_id = ANY(CAST(:studies AS text[])) OR i.study_id = ANY(CAST(:studies AS text[])))
