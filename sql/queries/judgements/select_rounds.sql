-- Other networks that were compared with this champion, in the order of their judgement.
SELECT j.run_id, j.drifted
FROM idh.judgement AS j
JOIN idh.model AS b ON b.model_id = j.best_id
WHERE j.best_id = :best_id AND j.sequence = :sequence AND j.run_id NOT IN (:run_id, b.run_id)
ORDER BY j.judged_at, j.run_id
