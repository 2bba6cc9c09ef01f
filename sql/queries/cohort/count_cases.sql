-- As linked last. Studies that were never linked yet are of patients who are noted.
SELECT outcome, sum(studies)::bigint AS studies
FROM (
    SELECT k.outcome, k.studies FROM idh.outcome_count AS k
    UNION ALL
    SELECT 'W_NO_PATHOLOGY', count(*)
    FROM idh.due_work AS w
    JOIN idh.study AS t ON t.patient_key = w.item
    WHERE w.stage = 'link' AND NOT EXISTS (SELECT FROM idh.study_outcome AS o WHERE o.study_id = t.study_id)
) AS counted
GROUP BY outcome
HAVING sum(studies) > 0
ORDER BY outcome
