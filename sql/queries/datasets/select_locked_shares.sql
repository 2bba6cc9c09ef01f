-- The shares of the locked set in earlier runs that had one.
SELECT DISTINCT CAST(settings ->> 'locked_share' AS double precision) AS share
FROM idh.training_run
WHERE CAST(settings ->> 'locked_share' AS double precision) > 0
