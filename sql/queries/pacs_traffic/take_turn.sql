-- Takes the next turn of a retrieve and returns in how many seconds it is; none if it is later than `wait_s`.
INSERT INTO idh.pacs_turn AS turn (the_only, next_at)
VALUES (true, clock_timestamp() + CAST(:interval_s AS double precision) * interval '1 second')
ON CONFLICT (the_only) DO UPDATE
SET next_at = greatest(turn.next_at, clock_timestamp())
    + CAST(:interval_s AS double precision) * interval '1 second'
WHERE turn.next_at <= clock_timestamp() + CAST(:wait_s AS double precision) * interval '1 second'
RETURNING CAST(
    extract(EPOCH FROM turn.next_at - clock_timestamp()) - CAST(:interval_s AS double precision) AS double precision
) AS wait_s
