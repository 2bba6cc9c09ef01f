-- How many labelled patients have a patch of each sequence, and how many of them are mutant.
-- A patient has one chosen study, and a revision of it one patch per sequence and settings.
SELECT p.sequence, count(*) AS patients, count(*) FILTER (WHERE l.idh_status = 'mutant') AS mutants
FROM idh.case_link AS l
JOIN idh.study AS t ON t.study_id = l.study_id
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision
WHERE l.chosen AND l.idh_status IN ('mutant', 'wildtype') AND p.code IS NULL AND p.settings_hash = :settings_hash
GROUP BY p.sequence
ORDER BY p.sequence
