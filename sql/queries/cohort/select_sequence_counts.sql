-- How many labelled patients have a patch of each sequence, and how many of them are mutant.
SELECT p.sequence, count(DISTINCT l.patient_key) AS patients,
    count(DISTINCT l.patient_key) FILTER (WHERE l.idh_status = 'mutant') AS mutants
FROM idh.case_link AS l
JOIN idh.study AS t ON t.study_id = l.study_id
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision
WHERE l.chosen AND l.idh_status IN ('mutant', 'wildtype') AND p.object_key IS NOT NULL AND p.settings_hash = :settings_hash
GROUP BY p.sequence
ORDER BY p.sequence
