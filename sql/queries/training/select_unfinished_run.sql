-- A run that was frozen after the latest one that has been through promotion.
SELECT t.run_id
FROM idh.training_run AS t
WHERE t.state <> 'promoted'
    AND t.created_at > (SELECT max(p.created_at) FROM idh.training_run AS p WHERE p.state = 'promoted')
LIMIT 1
