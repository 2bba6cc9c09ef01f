SELECT m.prior_key, m.surviving_key
FROM (SELECT DISTINCT e.prior_key FROM touched AS t JOIN idh.merge_event AS e ON e.prior_key = t.patient_key) AS p
CROSS JOIN LATERAL (SELECT * FROM idh.latest_merge AS l WHERE l.prior_key = p.prior_key OFFSET 0) AS m
WHERE NOT m.undone AND (NOT m.mismatch OR m.answer = 'merge')
