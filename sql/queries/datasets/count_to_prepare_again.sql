-- Labelled studies whose patches are of earlier code, settings or images only, so that they cannot be trained on yet.
SELECT count(DISTINCT l.study_id) AS studies
FROM idh.case_link AS l
JOIN idh.preparation AS n ON n.study_id = l.study_id
WHERE l.chosen AND l.idh_status IN ('mutant', 'wildtype') AND n.made_with IS DISTINCT FROM :settings_hash
    AND EXISTS (SELECT FROM idh.patch AS p WHERE p.study_id = l.study_id)
    AND NOT EXISTS (
        SELECT FROM idh.patch AS p
        WHERE p.study_id = l.study_id AND p.revision = n.revision AND p.settings_hash = :settings_hash
    )
