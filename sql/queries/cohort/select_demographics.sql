-- Age at imaging and sex of the patients in the cohort, by IDH status.
SELECT
    l.idh_status, count(*) AS patients,
    count(*) FILTER (WHERE o.sex = 'F') AS women, count(*) FILTER (WHERE o.sex = 'M') AS men,
    avg(t.age_years)::double precision AS mean_age, stddev_samp(t.age_years)::double precision AS sd_age,
    min(t.age_years)::double precision AS youngest, max(t.age_years)::double precision AS oldest
FROM idh.case_link AS l
JOIN idh.study AS t USING (study_id)
JOIN idh.person_of AS o ON o.patient_key = t.patient_key
WHERE l.chosen AND l.idh_status <> 'indeterminate' AND EXISTS (
    SELECT 1 FROM idh.patch AS p
    WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
        AND p.code IS NULL
)
GROUP BY l.idh_status
ORDER BY l.idh_status
