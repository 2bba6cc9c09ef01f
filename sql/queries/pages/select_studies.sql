-- One page of the studies that meet every filter, the latest first; an empty filter is met by all. Patches and
-- predictions are those of the present revision and of the version of code and settings with which the cohort was
-- counted last, so that both pages agree; what is due is so by the present version. The studies are the few that a
-- filter leaves by its own index, or those of one stretch of the list; with OFFSET 0, each of them is looked up by index,
-- so that a page reads as much whatever the history is.
WITH listed AS (
    SELECT t.study_id, t.revision, t.study_date, t.manufacturer, t.ingested_at
    FROM idh.study AS t
    WHERE (CAST(:found AS text[]) IS NULL OR t.study_id = ANY(CAST(:found AS text[])))
        AND (
            CAST(:first_at AS timestamptz) IS NULL
            OR (t.ingested_at <= :first_at AND (t.ingested_at < :first_at OR t.study_id >= :first))
        )
        AND (
            CAST(:end_at AS timestamptz) IS NULL
            OR (t.ingested_at >= :end_at AND (t.ingested_at > :end_at OR t.study_id < :end))
        )
        AND starts_with(t.study_id, :study)
        AND (:vendor = '' OR t.manufacturer = :vendor)
        AND (CAST(:since AS timestamp) IS NULL OR t.ingested_at >= CAST(:since AS timestamp) AT TIME ZONE 'UTC')
        AND (
            CAST(:until AS timestamp) IS NULL
            OR t.ingested_at < (CAST(:until AS timestamp) + interval '1 day') AT TIME ZONE 'UTC'
        )
        AND (
            CAST(:predicted_since AS timestamp) IS NULL
            OR EXISTS (
                SELECT FROM idh.prediction AS p
                WHERE p.study_id = t.study_id
                    AND p.created_at >= CAST(:predicted_since AS timestamp) AT TIME ZONE 'UTC'
                OFFSET 0
            )
        )
        AND (
            :label IN ('', 'none')
            OR EXISTS (
                SELECT FROM idh.case_link AS l
                WHERE l.study_id = t.study_id AND l.chosen AND l.idh_status = :label
                OFFSET 0
            )
        )
        AND (
            :label <> 'none'
            OR NOT EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.chosen OFFSET 0)
        )
        AND (
            :with_patch = ''
            OR EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    AND p.sequence = :with_patch AND p.code IS NULL
                OFFSET 0
            )
        )
        AND (
            :without_patch = ''
            OR NOT EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    AND p.sequence = :without_patch AND p.code IS NULL
                OFFSET 0
            )
        )
        AND (
            :flag = ''
            OR EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    AND p.quality -> 'flags' @> jsonb_build_array(CAST(:flag AS text))
                    AND (:with_patch = '' OR p.sequence = :with_patch)
                OFFSET 0
            )
        )
        -- With a missing sequence, a code is the reason why that sequence is missing.
        AND (
            :code = ''
            OR EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    AND p.code = :code AND (:without_patch = '' OR p.sequence = :without_patch)
                OFFSET 0
            )
            OR EXISTS (
                SELECT FROM idh.series AS s
                WHERE s.study_id = t.study_id AND s.revision = t.revision AND s.code = :code
                    AND (:without_patch = '' OR s.sequence = :without_patch)
                OFFSET 0
            )
            OR (
                :without_patch = ''
                AND (
                    EXISTS (
                        SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code = :code OFFSET 0
                    )
                    OR EXISTS (
                        SELECT FROM idh.quarantine AS q
                        WHERE q.study_id = t.study_id AND q.code = :code AND q.readmitted_at IS NULL
                        OFFSET 0
                    )
                )
            )
        )
        AND (
            :attention <> 'held'
            OR EXISTS (
                SELECT FROM idh.quarantine AS q
                WHERE q.study_id = t.study_id AND q.readmitted_at IS NULL AND q.code <> ALL(CAST(:notes AS text[]))
                OFFSET 0
            )
        )
        AND (
            :attention <> 'question'
            OR EXISTS (
                SELECT FROM idh.review AS v
                WHERE v.subject = t.study_id AND v.answer IS NULL AND NOT v.moot
                OFFSET 0
            )
            OR EXISTS (
                SELECT FROM idh.review AS v
                WHERE v.answer IS NULL AND NOT v.moot AND v.person_key = coalesce(
                    (SELECT x.person_key FROM idh.person AS x WHERE x.patient_key = t.patient_key), t.patient_key
                )
                OFFSET 0
            )
        )
        -- Each state by itself: a study of no interest is told from its first row. An unknown value is met by none.
        AND :state IN ('', 'due', 'no patch', 'patches', 'predicted', 'after surgery')
        AND :attention IN ('', 'held', 'question')
        AND (
            :state <> 'due' OR EXISTS (SELECT FROM idh.due_studies(:present) AS d WHERE d.study_id = t.study_id OFFSET 0)
        )
        AND (
            :state <> 'after surgery'
            OR (
                EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code = 'W_POSTOP' OFFSET 0)
                AND NOT EXISTS (
                    SELECT FROM idh.patch AS p
                    WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    OFFSET 0
                )
            )
        )
        AND (
            :state <> 'no patch'
            OR EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                OFFSET 0
            )
        )
        AND (
            :state NOT IN ('no patch', 'patches')
            OR (:state = 'patches') = EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    AND p.code IS NULL
                OFFSET 0
            )
        )
        AND (
            :state <> 'patches'
            OR (
                NOT EXISTS (
                    SELECT FROM idh.patch AS p
                    JOIN idh.prediction AS d ON d.patch_id = p.patch_id
                    JOIN idh.model AS m ON m.model_id = d.model_id AND m.state = 'champion'
                    WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    OFFSET 0
                )
            )
        )
        AND (
            :state <> 'predicted'
            OR (
                EXISTS (
                    SELECT FROM idh.patch AS p
                    JOIN idh.prediction AS d ON d.patch_id = p.patch_id
                    JOIN idh.model AS m ON m.model_id = d.model_id AND m.state = 'champion'
                    WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
                    OFFSET 0
                )
            )
        )
        AND (
            :state NOT IN ('no patch', 'patches', 'predicted', 'after surgery')
            OR NOT EXISTS (SELECT FROM idh.due_studies(:present) AS d WHERE d.study_id = t.study_id OFFSET 0)
        )
        -- A task, or all tasks of a run or DAG: what follows after a slash, whose next character is 0.
        AND (
            :task = ''
            OR t.made_by = :task OR (t.made_by ~>=~ (:task || '/') AND t.made_by ~<~ (:task || '0'))
            OR EXISTS (
                SELECT
                FROM (
                    SELECT p.made_by FROM idh.patch AS p WHERE p.study_id = t.study_id
                    UNION ALL
                    SELECT d.made_by FROM idh.prediction AS d WHERE d.study_id = t.study_id
                    UNION ALL
                    SELECT d.made_by FROM idh.document AS d WHERE d.study_id = t.study_id
                ) AS m
                WHERE m.made_by = :task OR (m.made_by ~>=~ (:task || '/') AND m.made_by ~<~ (:task || '0'))
                OFFSET 0
            )
        )
    ORDER BY t.ingested_at DESC, t.study_id
    LIMIT :size OFFSET :start
)

SELECT
    t.study_id, t.study_date, t.manufacturer, t.ingested_at, l.idh_status, w.patches, w.codes, w.flags, v.predictions,
    CASE
        WHEN EXISTS (SELECT FROM idh.due_studies(:present) AS d WHERE d.study_id = t.study_id OFFSET 0) THEN 'due'
        WHEN v.predictions > 0 THEN 'predicted'
        WHEN cardinality(w.patches) > 0 THEN 'patches'
        WHEN w.attempts > 0 THEN 'no patch'
        ELSE 'after surgery'
    END AS state,
    EXISTS (SELECT FROM idh.qc_sheet AS q WHERE q.study_id = t.study_id) AS sheet
FROM listed AS t
LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id AND l.chosen
CROSS JOIN LATERAL (
    SELECT
        count(*) AS attempts,
        coalesce(array_agg(p.sequence ORDER BY p.sequence) FILTER (WHERE p.code IS NULL), '{}') AS patches,
        coalesce(array_agg(DISTINCT p.code ORDER BY p.code) FILTER (WHERE p.code IS NOT NULL), '{}') AS codes,
        ARRAY(
            SELECT DISTINCT f.flag
            FROM idh.patch AS o
            CROSS JOIN LATERAL jsonb_array_elements_text(o.quality -> 'flags') AS f (flag)
            WHERE o.study_id = t.study_id AND o.revision = t.revision AND o.settings_hash = :settings_hash
            ORDER BY f.flag
        ) AS flags
    FROM idh.patch AS p
    WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = :settings_hash
) AS w
CROSS JOIN LATERAL (
    SELECT count(*) AS predictions
    FROM idh.prediction AS p
    JOIN idh.model AS m ON m.model_id = p.model_id AND m.state = 'champion'
    JOIN idh.patch AS c ON c.patch_id = p.patch_id
    WHERE p.study_id = t.study_id AND c.revision = t.revision AND c.settings_hash = :settings_hash
) AS v
ORDER BY t.ingested_at DESC, t.study_id
