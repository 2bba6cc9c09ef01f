SELECT
    p.patch_id, p.study_id, p.sequence, p.object_key, p.sha256, m.model_id, m.slope, m.intercept,
    EXISTS (
        SELECT 1
        FROM idh.training_run AS r
        JOIN idh.dataset_member AS d USING (dataset_id)
        JOIN idh.person_of AS mine ON mine.patient_key = t.patient_key
        JOIN idh.person_of AS member ON member.patient_key = d.patient_key
        WHERE r.run_id = m.run_id AND d.sequence = m.sequence AND mine.person_key = member.person_key
            AND NOT EXISTS (
                SELECT 1 FROM idh.locked_score AS k
                WHERE k.run_id = m.run_id AND k.sequence = m.sequence AND k.patient_key = d.patient_key
            )
    ) AS in_training
FROM idh.patch AS p
JOIN idh.study AS t ON t.study_id = p.study_id AND t.revision = p.revision
JOIN idh.model AS m ON m.sequence = p.sequence AND m.state = 'champion'
WHERE p.settings_hash = :settings_hash
    AND p.code IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM idh.prediction AS done WHERE done.patch_id = p.patch_id AND done.model_id = m.model_id
    )
    AND (
        NOT EXISTS (SELECT 1 FROM idh.case_link AS l WHERE l.study_id = t.study_id)
        OR EXISTS (SELECT 1 FROM idh.case_link AS l WHERE l.study_id = t.study_id AND l.code <> 'W_POSTOP')
    )
    AND NOT EXISTS (SELECT FROM idh.study_exclusion AS e WHERE e.study_id = t.study_id AND e.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM idh.owner_doubt AS d WHERE d.study_id = t.study_id)
ORDER BY p.study_id, p.sequence
