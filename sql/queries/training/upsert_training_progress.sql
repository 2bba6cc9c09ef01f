-- A resumed training continues the curve at its checkpoint.
INSERT INTO idh.training_progress (run_id, sequence, fold, epoch, loss, curve)
VALUES (
    :run_id, :sequence, :fold, :epoch, :loss,
    jsonb_build_array(jsonb_build_array(CAST(:epoch AS integer), CAST(:loss AS double precision)))
)
ON CONFLICT (run_id, sequence, fold) DO UPDATE SET
    epoch = EXCLUDED.epoch, loss = EXCLUDED.loss, updated_at = now(),
    curve = (
        SELECT coalesce(jsonb_agg(p.point ORDER BY p.position), '[]')
        FROM jsonb_array_elements(training_progress.curve) WITH ORDINALITY AS p (point, position)
        WHERE CAST(p.point ->> 0 AS integer) < EXCLUDED.epoch
    ) || EXCLUDED.curve
