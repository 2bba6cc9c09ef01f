-- How far each fold of the latest run is, if it still trains; fold -1 is the final network. Fold numbers run on over the
-- repetitions.
WITH latest AS (SELECT run_id, state, settings FROM idh.training_run ORDER BY created_at DESC LIMIT 1)

SELECT
    g.run_id, g.sequence, g.fold, CAST(t.settings ->> 'folds' AS integer) AS folds,
    CAST(t.settings ->> 'repetitions' AS integer) AS repetitions, g.epoch,
    CAST(t.settings ->> 'epochs' AS integer) AS epochs, g.loss, g.curve, g.updated_at,
    coalesce(e.expires_at > now(), false) AS running,
    EXISTS (SELECT FROM idh.sequence_result AS r WHERE r.run_id = g.run_id AND r.sequence = g.sequence) AS finished
FROM latest AS t
JOIN idh.training_progress AS g ON g.run_id = t.run_id
LEFT JOIN idh.training_lease AS e ON e.run_id = g.run_id AND e.sequence = g.sequence
WHERE t.state = 'frozen'
ORDER BY g.sequence, g.fold < 0, g.fold
