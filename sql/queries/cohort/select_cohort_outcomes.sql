-- Each person once, with the stage at which they left the cohort and why, or 'included'.
WITH person AS (
    SELECT DISTINCT o.person_key FROM idh.person_of AS o
),
imaged AS (
    SELECT DISTINCT o.person_key
    FROM idh.study AS t
    JOIN idh.person_of AS o USING (patient_key)
),
-- Of several pairs of report and study, the one that passed the most stages.
furthest AS (
    SELECT DISTINCT ON (l.patient_key)
        l.patient_key AS person_key, l.study_id, l.chosen, l.idh_status, l.code, s.stage
    FROM idh.case_link AS l
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN l.code IN ('W_POSTOP', 'W_WINDOW', 'W_NO_SURGERY_DATE', 'W_AMBIGUOUS', 'E_DEMOGRAPHIC_MISMATCH')
                THEN 'pre-operative'
            WHEN l.code IN ('W_NOT_GBM', 'W_DIAGNOSIS_UNCLEAR') THEN 'glioblastoma'
            WHEN NOT l.chosen OR l.idh_status = 'indeterminate' THEN 'IDH tested'
        END AS stage
    ) AS s
    ORDER BY
        l.patient_key, l.chosen DESC,
        array_position(ARRAY['pre-operative', 'glioblastoma', 'IDH tested'], s.stage) DESC, l.code, l.study_id
),
usable AS (
    SELECT t.study_id, count(*) AS series
    FROM idh.study AS t
    JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
    WHERE s.sequence NOT IN ('T1C', 'OTHER') AND s.confidence = 'high' AND s.code IS NULL
    GROUP BY t.study_id
),
cut AS (
    SELECT
        t.study_id,
        count(*) FILTER (WHERE p.object_key IS NOT NULL) AS patches,
        min(p.code) FILTER (WHERE p.code IN ('E_NO_ROI', 'E_ROI', 'W_ROI_PROPOSED')) AS no_roi,
        min(p.code) AS code
    FROM idh.study AS t
    JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
    GROUP BY t.study_id
),
placed AS (
    SELECT
        i.person_key,
        CASE
            WHEN m.person_key IS NULL THEN 'MR'
            WHEN f.person_key IS NULL THEN 'pre-operative'
            WHEN f.stage IS NOT NULL THEN f.stage
            WHEN coalesce(u.series, 0) = 0 THEN 'usable sequences'
            WHEN c.no_roi IS NOT NULL AND c.patches = 0 THEN 'ROI'
            WHEN coalesce(c.patches, 0) = 0 THEN 'patches'
            ELSE 'included'
        END AS stage,
        CASE
            WHEN m.person_key IS NULL THEN 'W_NO_MR'
            WHEN f.person_key IS NULL THEN 'W_NO_PATHOLOGY'
            WHEN NOT f.chosen THEN f.code
            WHEN f.idh_status = 'indeterminate' THEN 'W_INDETERMINATE'
            WHEN coalesce(u.series, 0) = 0 THEN 'W_NO_USABLE_SERIES'
            WHEN coalesce(c.patches, 0) = 0 THEN coalesce(c.no_roi, c.code, 'W_NOT_PREPROCESSED')
        END AS code
    FROM person AS i
    LEFT JOIN imaged AS m USING (person_key)
    LEFT JOIN furthest AS f USING (person_key)
    LEFT JOIN usable AS u ON u.study_id = f.study_id
    LEFT JOIN cut AS c ON c.study_id = f.study_id
)
SELECT
    p.stage,
    CASE
        WHEN p.stage IN ('pre-operative', 'glioblastoma', 'IDH tested', 'ROI') AND EXISTS (
            SELECT 1 FROM idh.review AS v WHERE v.person_key = p.person_key AND v.answer IS NULL AND NOT v.moot
        ) THEN 'W_AWAITING_REVIEW'
        ELSE p.code
    END AS code,
    count(*) AS patients
FROM placed AS p
GROUP BY 1, 2
ORDER BY 1, 2
