-- Whether every other study of the patient is in doubt because it states the very same.
SELECT NOT EXISTS (
    SELECT
    FROM idh.study AS t
    LEFT JOIN idh.owner_doubt AS d ON d.study_id = t.study_id AND d.stated = :stated
    WHERE t.patient_key = :patient_key AND t.study_id <> :study_id AND d.study_id IS NULL
) AS agreed
