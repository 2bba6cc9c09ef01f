-- Patients of a run's dataset who have no patch of one sequence, by the reason that their study gives.
WITH member AS (
    SELECT m.patient_key, m.sequence, m.patch_id
    FROM idh.training_run AS t
    JOIN idh.dataset_member AS m ON m.dataset_id = t.dataset_id
    WHERE t.run_id = :run_id
),
lacking AS (
    SELECT DISTINCT ON (m.patient_key) m.patient_key, m.patch_id
    FROM member AS m
    WHERE NOT EXISTS (SELECT FROM member AS o WHERE o.patient_key = m.patient_key AND o.sequence = :sequence)
    ORDER BY m.patient_key, m.patch_id
)
SELECT coalesce(p.code, 'not accepted by IDH_LEARNING__ADC_SOURCE') AS reason, count(*) AS patients
FROM lacking AS l
JOIN idh.patch AS q ON q.patch_id = l.patch_id
LEFT JOIN idh.patch AS p
    ON p.study_id = q.study_id AND p.revision = q.revision AND p.settings_hash = q.settings_hash
        AND p.sequence = :sequence
GROUP BY 1
ORDER BY 2 DESC, 1
