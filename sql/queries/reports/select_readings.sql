-- All readings of these reports; the laboratory's words are compared by their hash.
SELECT
    r.report_key, r.version AS number, coalesce(r.stated_version, r.version) AS version, r.revision, r.corrected,
    r.report_status, r.patient_key, r.glioblastoma, r.idh_status, r.rule, r.evidence, r.provisional, r.surgery_date,
    r.specimen_date, r.received_at, s.birth_date, s.sex,
    md5(coalesce((s.reported - ARRAY['channel', 'corrected', 'revision'])::text, r.version::text)) AS source,
    ARRAY(
        SELECT c.channel FROM idh.report_channel AS c
        WHERE c.report_key = r.report_key AND c.version = r.version
        ORDER BY c.channel
    ) AS channels
FROM idh.report AS r
LEFT JOIN phi.report_source AS s ON s.report_key = r.report_key AND s.version = r.version
WHERE r.report_key = ANY(CAST(:report_keys AS text[]))
ORDER BY r.report_key, r.version
