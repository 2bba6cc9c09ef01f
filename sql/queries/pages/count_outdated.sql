-- Studies whose patches are of another version, by that version and the year of the study.
SELECT
    n.made_with AS version, n.year, count(*) AS studies, count(*) FILTER (WHERE n.labelled) AS labelled
FROM idh.preparation AS n
WHERE NOT n.after_surgery AND (n.made_with < :settings_hash OR n.made_with > :settings_hash)
GROUP BY n.made_with, n.year
ORDER BY n.year DESC NULLS LAST, n.made_with
