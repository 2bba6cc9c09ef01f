-- Reports that agree with the images by now, or that belong to another patient.
DELETE FROM idh.quarantine AS q
WHERE q.scope = 'report' AND q.code = 'E_DEMOGRAPHIC_MISMATCH' AND q.subject IN (
    SELECT r.report_key FROM touched AS t JOIN idh.report AS r ON r.patient_key = t.patient_key
) AND NOT EXISTS (
    SELECT 1 FROM idh.case_link AS l
    WHERE l.report_key = q.subject AND l.code = 'E_DEMOGRAPHIC_MISMATCH'
)
