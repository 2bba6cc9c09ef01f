-- Other runs that were judged on the locked test set within a year, and whether this one was.
SELECT
    count(*) FILTER (WHERE run_id <> :run_id AND looked_at > now() - interval '1 year') AS others,
    coalesce(bool_or(run_id = :run_id), false) AS looked
FROM idh.locked_look
