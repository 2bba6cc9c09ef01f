-- The trainings that used a study, the latest first, with the label that each used.
WITH used AS (
    SELECT
        m.dataset_id, m.mutant, m.report_key, m.report_version, array_agg(m.sequence ORDER BY m.sequence) AS sequences
    FROM idh.patch AS p
    JOIN idh.dataset_member AS m USING (patch_id)
    WHERE p.study_id = :study_id
    GROUP BY m.dataset_id, m.mutant, m.report_key, m.report_version
)

SELECT n.run_id, n.created_at, u.mutant, u.report_key, u.report_version, u.sequences
FROM used AS u
CROSS JOIN LATERAL (
    SELECT r.run_id, r.created_at
    FROM idh.training_run AS r
    WHERE r.dataset_id = u.dataset_id
    ORDER BY r.created_at DESC, r.run_id
    LIMIT 50
) AS n
ORDER BY n.created_at DESC, n.run_id
LIMIT 50
