-- Each patient once, with the stage at which she left the cohort and why, or 'included'.
WITH linked AS (
    SELECT
        l.patient_key,
        bool_or(l.chosen) AS chosen,
        max(r.idh_status) FILTER (WHERE l.chosen) AS idh_status,
        max(l.study_id) FILTER (WHERE l.chosen) AS study_id,
        min(l.code) AS code
    FROM idh.case_link AS l
    JOIN idh.report AS r ON r.report_key = l.report_key AND r.version = l.report_version
    GROUP BY l.patient_key
),
series AS (
    SELECT
        t.patient_key,
        count(*) FILTER (WHERE s.sequence <> 'OTHER' AND s.confidence = 'high' AND s.code IS NULL) AS usable
    FROM idh.study AS t
    LEFT JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
    GROUP BY t.patient_key
),
cut AS (
    SELECT
        t.study_id,
        count(*) FILTER (WHERE p.object_key IS NOT NULL) AS patches,
        min(p.code) FILTER (WHERE p.code IN ('E_NO_ROI', 'E_ROI')) AS no_roi,
        min(p.code) AS code
    FROM idh.study AS t
    JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
    GROUP BY t.study_id
),
placed AS (
    SELECT
        i.patient_key,
        CASE
            WHEN i.usable = 0 THEN 'usable sequences'
            WHEN l.patient_key IS NULL THEN 'pathology'
            WHEN NOT l.chosen AND l.code IN ('W_POSTOP', 'W_WINDOW', 'W_NO_SURGERY_DATE') THEN 'pre-operative'
            WHEN NOT l.chosen AND l.code = 'W_NOT_GBM' THEN 'glioblastoma'
            WHEN NOT l.chosen OR l.idh_status = 'indeterminate' THEN 'IDH status'
            WHEN c.no_roi IS NOT NULL AND c.patches = 0 THEN 'ROI'
            WHEN coalesce(c.patches, 0) = 0 THEN 'patches'
            ELSE 'included'
        END AS stage,
        CASE
            WHEN i.usable = 0 THEN 'W_NO_USABLE_SERIES'
            WHEN l.patient_key IS NULL THEN 'W_NO_PATHOLOGY'
            WHEN NOT l.chosen THEN l.code
            WHEN l.idh_status = 'indeterminate' THEN 'W_INDETERMINATE'
            WHEN coalesce(c.patches, 0) = 0 THEN coalesce(c.no_roi, c.code, 'W_NOT_PREPROCESSED')
        END AS code
    FROM series AS i
    LEFT JOIN linked AS l ON l.patient_key = i.patient_key
    LEFT JOIN cut AS c ON c.study_id = l.study_id
)
SELECT stage, code, count(*) AS patients
FROM placed
GROUP BY stage, code
ORDER BY stage, code
