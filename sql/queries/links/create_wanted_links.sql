-- Every pair of a study and a current report of one touched person, with the rule that accepts or refuses it.
CREATE TEMPORARY TABLE wanted_link ON COMMIT DROP AS
WITH study AS (
    SELECT
        t.study_id, o.person_key, t.study_date + coalesce(i.shift_days, 0) AS study_day,
        i.birth_date, o.sex,
        (
            SELECT count(DISTINCT s.sequence) FROM idh.series AS s
            WHERE s.study_id = t.study_id AND s.revision = t.revision
                AND s.confidence = 'high' AND s.sequence NOT IN ('T1C', 'OTHER') AND s.code IS NULL
        ) AS sequences,
        EXISTS (
            SELECT FROM idh.study_exclusion AS e WHERE e.study_id = t.study_id AND e.ended_at IS NULL
        ) AS excluded,
        EXISTS (SELECT FROM idh.owner_doubt AS d WHERE d.study_id = t.study_id) AS doubted
    FROM touched
    JOIN idh.study AS t ON t.patient_key = touched.patient_key
    JOIN idh.person_of AS o ON o.patient_key = t.patient_key
    LEFT JOIN phi.patient_identity AS i ON i.patient_key = t.patient_key
),
paired AS (
    SELECT
        t.study_id, t.person_key, t.study_day, t.sequences, r.report_key, r.version, r.idh_status,
        r.surgery_day - t.study_day AS days_before,
        CASE
            WHEN t.doubted THEN 'E_ID_CHANGED'
            WHEN x.person_key IS NOT NULL THEN 'E_REPORT_CONFLICT'
            WHEN r.excluded THEN 'W_EXCLUDED_BY_REVIEW'
            WHEN r.report_status = 'cancelled' THEN 'W_CANCELLED'
            WHEN r.report_status <> 'final' THEN 'W_NOT_FINAL'
            WHEN r.mismatch OR t.birth_date <> r.birth_date
                OR (t.sex <> r.sex AND t.sex <> 'O' AND r.sex <> 'O') THEN 'E_DEMOGRAPHIC_MISMATCH'
            WHEN c.person_key IS NOT NULL AND c.answer IS NULL THEN 'E_LABEL_CONFLICT'
            WHEN c.answer = 'exclude' THEN 'W_EXCLUDED_BY_REVIEW'
            WHEN c.answer <> r.idh_status THEN 'W_OVERRULED'
            WHEN r.glioblastoma IS NULL THEN 'W_DIAGNOSIS_UNCLEAR'
            WHEN NOT r.glioblastoma THEN 'W_NOT_GBM'
            WHEN r.surgery_day IS NULL THEN 'W_NO_SURGERY_DATE'
            WHEN r.surgery_day < t.study_day THEN 'W_POSTOP'
            WHEN r.surgery_day - t.study_day > :window_days THEN 'W_WINDOW'
            WHEN t.excluded THEN 'W_EXCLUDED_IMAGES'
            ELSE 'OK'
        END AS code
    FROM study AS t
    JOIN report_now AS r ON r.person_key = t.person_key
    LEFT JOIN conflict_now AS c ON c.person_key = t.person_key
    -- Until a person has chosen between the versions of a report, no other report of the patient counts either.
    LEFT JOIN (SELECT DISTINCT o.person_key FROM report_now AS o WHERE o.contested) AS x ON x.person_key = t.person_key
),
ranked AS (
    SELECT
        p.*,
        rank() OVER (
            PARTITION BY p.person_key
            ORDER BY
                (p.code = 'OK') DESC, (p.idh_status <> 'indeterminate') DESC, p.sequences DESC, p.study_day DESC
        ) AS tier
    FROM paired AS p
),
-- Equally suitable studies, between which a reviewer chooses.
tied AS (
    SELECT s.person_key, v.answer
    FROM (
        SELECT r.person_key, string_agg(DISTINCT r.study_id, ' ' ORDER BY r.study_id) AS evidence
        FROM ranked AS r
        WHERE r.code = 'OK' AND r.tier = 1
        GROUP BY r.person_key
        HAVING count(DISTINCT r.study_id) > 1
    ) AS s
    LEFT JOIN idh.review AS v
        ON v.kind = 'several_studies' AND v.subject = s.person_key AND v.evidence = s.evidence
),
placed AS (
    SELECT
        r.*, t.person_key IS NOT NULL AS tie, t.answer,
        row_number() OVER (
            PARTITION BY r.person_key
            ORDER BY r.tier, (r.study_id = t.answer) DESC NULLS LAST, r.days_before, r.study_id, r.report_key
        ) AS place
    FROM ranked AS r
    LEFT JOIN tied AS t ON t.person_key = r.person_key
),
decided AS (
    SELECT
        p.*,
        CASE
            WHEN p.code <> 'OK' THEN p.code
            WHEN p.tie AND p.answer = 'exclude' THEN 'W_EXCLUDED_BY_REVIEW'
            WHEN p.tier > 1 THEN 'W_OTHER_CHOSEN'
            WHEN p.tie AND p.answer IS NULL THEN 'W_AMBIGUOUS'
            WHEN p.place > 1 THEN 'W_OTHER_CHOSEN'
            ELSE 'OK'
        END AS final_code
    FROM placed AS p
)
SELECT
    d.study_id, d.report_key, d.version AS report_version, d.person_key AS patient_key,
    d.days_before AS days_before_surgery, d.idh_status, d.final_code AS code, d.final_code = 'OK' AS chosen
FROM decided AS d;
ANALYZE wanted_link
