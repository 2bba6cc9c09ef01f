-- Labelled studies whose patches are of earlier code, settings or images only, so that they cannot be trained on yet.
SELECT count(*) AS studies
FROM idh.due_studies(:settings_hash) AS d
WHERE d.again AND EXISTS (
    SELECT FROM idh.case_link AS l WHERE l.study_id = d.study_id AND l.chosen AND l.idh_status IN ('mutant', 'wildtype')
)
