SELECT
    p.patch_id, p.sequence, p.provenance, p.object_key, p.sha256, l.patient_key,
    l.idh_status = 'mutant' AS mutant, l.report_key, l.report_version
FROM idh.case_link AS l
JOIN idh.study AS t ON t.study_id = l.study_id
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision
WHERE l.chosen
    AND l.idh_status IN ('mutant', 'wildtype')
    AND p.settings_hash = :settings_hash
    AND p.code IS NULL
ORDER BY p.sequence, l.patient_key
