-- The latest run: its state, how many networks each sequence needs, the sequences of its dataset, those of which an epoch
-- is recorded, and those whose results are stored.
WITH latest AS (
    SELECT run_id, dataset_id, created_at, state, settings FROM idh.training_run ORDER BY created_at DESC LIMIT 1
)

SELECT
    t.run_id, t.created_at, t.state, CAST(t.settings ->> 'checkpoint_every' AS integer) AS checkpoint_every,
    CAST(t.settings ->> 'folds' AS integer) * CAST(t.settings ->> 'repetitions' AS integer) + 1 AS networks,
    ARRAY(
        SELECT w.s FROM unnest(CAST(:sequences AS text[])) WITH ORDINALITY AS w (s, place)
        WHERE EXISTS (SELECT FROM idh.dataset_member AS m WHERE m.dataset_id = t.dataset_id AND m.sequence = w.s)
        ORDER BY w.place
    ) AS sequences,
    ARRAY(
        SELECT DISTINCT g.sequence FROM idh.training_progress AS g WHERE g.run_id = t.run_id ORDER BY g.sequence
    ) AS begun,
    ARRAY(SELECT r.sequence FROM idh.sequence_result AS r WHERE r.run_id = t.run_id ORDER BY r.sequence) AS finished
FROM latest AS t
