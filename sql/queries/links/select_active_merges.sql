SELECT prior_key, surviving_key
FROM idh.latest_merge
WHERE NOT undone AND (NOT mismatch OR answer = 'merge')
