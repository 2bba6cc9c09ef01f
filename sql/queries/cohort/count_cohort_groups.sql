-- How many persons left the cohort at each stage and why, or are included, as of the latest count.
SELECT stage, code, sum(patients)::bigint AS patients
FROM idh.cohort_group
GROUP BY stage, code
ORDER BY stage, code
