SELECT
    p.patch_id, p.sequence, p.provenance, p.object_key, p.sha256, t.patient_key,
    r.idh_status = 'mutant' AS mutant, r.report_key, r.version AS report_version
FROM idh.case_link AS l
JOIN idh.study AS t ON t.study_id = l.study_id
JOIN idh.report AS r ON r.report_key = l.report_key AND r.version = l.report_version
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision
WHERE l.chosen
    AND r.idh_status IN ('mutant', 'wildtype')
    AND p.settings_hash = :settings_hash
    AND p.code IS NULL
ORDER BY p.sequence, t.patient_key
