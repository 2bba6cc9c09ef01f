-- The latest of the former champions of a sequence.
SELECT m.model_id
FROM idh.model AS m
WHERE m.sequence = :sequence AND m.state = 'retired' AND m.promoted_at IS NOT NULL
ORDER BY m.promoted_at DESC
LIMIT 1
