-- The current patches of a study that lack a prediction of the champion of their sequence. Patches of an earlier version
-- of code and settings count until the study is prepared again.
SELECT
    p.patch_id, p.study_id, p.sequence, p.object_key, p.sha256,
    m.model_id, m.object_key AS model_key, m.sha256 AS model_sha256, m.slope, m.intercept,
    EXISTS (
        SELECT FROM idh.training_run AS r
        JOIN idh.person_of AS mine ON mine.patient_key = t.patient_key
        CROSS JOIN idh.patients_of(mine.person_key) AS q
        JOIN idh.dataset_member AS d
            ON d.dataset_id = r.dataset_id AND d.sequence = m.sequence AND d.patient_key = q.patient_key
        WHERE r.run_id = m.run_id AND NOT EXISTS (
            SELECT FROM idh.locked_score AS k
            WHERE k.run_id = m.run_id AND k.sequence = m.sequence AND k.patient_key = d.patient_key
        )
    ) AS in_training
FROM idh.study AS t
JOIN idh.preparation AS n ON n.study_id = t.study_id AND n.revision = t.revision
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = n.made_with
JOIN idh.model AS m ON m.sequence = p.sequence AND m.state = 'champion'
WHERE t.study_id = :study_id
    AND p.code IS NULL
    AND NOT EXISTS (
        SELECT FROM idh.prediction AS done WHERE done.patch_id = p.patch_id AND done.model_id = m.model_id
    )
    AND (
        NOT EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id)
        OR EXISTS (SELECT FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code <> 'W_POSTOP')
    )
    AND NOT EXISTS (SELECT FROM idh.study_exclusion AS e WHERE e.study_id = t.study_id AND e.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM idh.owner_doubt AS d WHERE d.study_id = t.study_id)
ORDER BY p.sequence
