-- The studies that the most selective filter leaves, if these are few; each part reads its own index, and stops as soon
-- as they are not. Without a row, no filter by itself leaves few.
SELECT f.found
FROM (
    SELECT ARRAY(SELECT t.study_id FROM idh.study AS t WHERE starts_with(t.study_id, :study) LIMIT :few + 1) AS found
    WHERE :study <> ''
    UNION ALL
    SELECT ARRAY(
        SELECT l.study_id FROM idh.case_link AS l WHERE l.chosen AND l.idh_status = :label LIMIT :few + 1
    )
    WHERE :label NOT IN ('', 'none')
    UNION ALL
    SELECT ARRAY(
        SELECT p.study_id FROM idh.patch AS p
        WHERE p.quality -> 'flags' @> jsonb_build_array(CAST(:flag AS text)) AND p.settings_hash = :settings_hash
        LIMIT :few + 1
    )
    WHERE :flag <> ''
    UNION ALL
    SELECT ARRAY(
        SELECT c.study_id
        FROM (
            SELECT p.study_id FROM idh.patch AS p WHERE p.code = :code AND p.settings_hash = :settings_hash
            UNION ALL
            SELECT s.study_id FROM idh.series AS s WHERE s.code = :code
            UNION ALL
            SELECT l.study_id FROM idh.case_link AS l WHERE l.code = :code
            UNION ALL
            SELECT q.study_id FROM idh.quarantine AS q
            WHERE q.code = :code AND q.readmitted_at IS NULL AND q.study_id IS NOT NULL
        ) AS c
        LIMIT :few + 1
    )
    WHERE :code <> ''
    UNION ALL
    -- A task, or all tasks of a run or DAG: what follows after a slash, whose next character is 0.
    SELECT ARRAY(
        SELECT m.study_id
        FROM (
            SELECT s.study_id, s.made_by FROM idh.study AS s
            UNION ALL
            SELECT p.study_id, p.made_by FROM idh.patch AS p
            UNION ALL
            SELECT d.study_id, d.made_by FROM idh.prediction AS d
            UNION ALL
            SELECT d.study_id, d.made_by FROM idh.document AS d
        ) AS m
        WHERE m.made_by = :task OR (m.made_by ~>=~ (:task || '/') AND m.made_by ~<~ (:task || '0'))
        LIMIT :few + 1
    )
    WHERE :task <> ''
    UNION ALL
    SELECT ARRAY(
        SELECT p.study_id FROM idh.prediction AS p
        WHERE p.created_at >= CAST(:predicted_since AS timestamp) AT TIME ZONE 'UTC'
        LIMIT :few + 1
    )
    WHERE CAST(:predicted_since AS timestamp) IS NOT NULL
    UNION ALL
    SELECT ARRAY(SELECT d.study_id FROM idh.due_studies(:present) AS d LIMIT :few + 1) WHERE :state = 'due'
    UNION ALL
    SELECT ARRAY(
        SELECT q.study_id FROM idh.quarantine AS q
        WHERE q.readmitted_at IS NULL AND q.code <> ALL(CAST(:notes AS text[])) AND q.study_id IS NOT NULL
        LIMIT :few + 1
    )
    WHERE :attention = 'held'
    UNION ALL
    SELECT ARRAY(
        SELECT w.study_id
        FROM (
            SELECT t.study_id FROM idh.review AS v
            JOIN idh.study AS t ON t.study_id = v.subject
            WHERE v.answer IS NULL AND NOT v.moot
            UNION ALL
            -- The patients of a person: the person by itself, and those who were merged into it.
            SELECT t.study_id FROM idh.review AS v
            JOIN idh.study AS t ON t.patient_key = v.person_key
            WHERE v.answer IS NULL AND NOT v.moot
            UNION ALL
            SELECT t.study_id FROM idh.review AS v
            JOIN idh.person AS x ON x.person_key = v.person_key
            JOIN idh.study AS t ON t.patient_key = x.patient_key
            WHERE v.answer IS NULL AND NOT v.moot
        ) AS w
        LIMIT :few + 1
    )
    WHERE :attention = 'question'
) AS f
WHERE cardinality(f.found) <= :few
ORDER BY cardinality(f.found)
LIMIT 1
