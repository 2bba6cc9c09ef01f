-- Age at imaging and sex of the labelled patients with a patch, by IDH status, as of the latest count.
SELECT
    idh_status, sum(patients)::bigint AS patients, sum(women)::bigint AS women, sum(men)::bigint AS men,
    sum(age_sum) / nullif(sum(ages), 0)::double precision AS mean_age,
    CASE WHEN sum(ages) > 1 THEN sqrt(greatest(
        0, (sum(age_squares) - sum(age_sum) ^ 2 / sum(ages)::double precision) / (sum(ages) - 1)::double precision
    )) END AS sd_age,
    min(youngest) AS youngest, max(oldest) AS oldest
FROM idh.cohort_group
WHERE idh_status IS NOT NULL AND cardinality(sequences) > 0
GROUP BY idh_status
ORDER BY idh_status
