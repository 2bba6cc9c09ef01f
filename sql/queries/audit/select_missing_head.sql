-- The first of the given heads that is not in the chain, at its position and with its hash.
SELECT h.position, h.hash, h.occurred_at
FROM jsonb_to_recordset(CAST(:heads AS jsonb)) AS h (position bigint, hash text, occurred_at timestamptz)
LEFT JOIN idh.audit_chain AS c ON c.position = h.position AND encode(c.hash, 'hex') = h.hash
WHERE c.position IS NULL
ORDER BY h.position, h.occurred_at
LIMIT 1
