-- How many persons left the cohort at each stage and why, or were included: with a version that is not counted.
SELECT p.stage, p.code, count(*) AS patients
FROM idh.cohort_places(:settings_hash, ARRAY(SELECT patient_key FROM idh.patient)) AS p
GROUP BY p.stage, p.code
ORDER BY p.stage, p.code
