-- The sequences that have no champion because the latest one was withdrawn, with who withdrew it and why.
SELECT DISTINCT ON (m.sequence) m.sequence, m.model_id, m.withdrawn_by, m.withdrawn_at, m.withdrawn_reason
FROM idh.model AS m
WHERE m.withdrawn_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM idh.model AS c WHERE c.sequence = m.sequence AND c.state = 'champion')
ORDER BY m.sequence, m.withdrawn_at DESC
