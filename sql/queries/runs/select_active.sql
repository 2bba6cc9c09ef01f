-- Whether a run of ingest is active; one that never ended is taken for dead after the longest time that a run may take.
SELECT EXISTS (
    SELECT FROM idh.ingest_run WHERE ended_at IS NULL AND began_at > now() - make_interval(hours => :hours)
) AS active
