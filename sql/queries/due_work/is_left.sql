-- Whether an item of a stage is due that no task holds.
SELECT EXISTS (
    SELECT FROM idh.due_work
    WHERE stage = :stage AND code IS NULL
        AND (holder IS NULL OR held_at < now() - make_interval(secs => :lease_s))
        AND (not_before IS NULL OR not_before <= now())
) AS is_left
