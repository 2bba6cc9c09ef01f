-- How many persons left the cohort at each stage and why, or were included.
SELECT stage, code, count(*) AS patients
FROM idh.cohort_places(:settings_hash)
GROUP BY stage, code
ORDER BY stage, code
