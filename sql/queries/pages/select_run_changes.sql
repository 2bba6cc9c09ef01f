-- The patients of the dataset of a run whose label, person, study or outline has changed since, each with one study, and
-- how many they are.
WITH changed AS (
    SELECT DISTINCT ON (a.patient_key) a.patient_key, p.study_id, a.code
    FROM idh.training_run AS r
    JOIN idh.affected_member AS a ON a.dataset_id = r.dataset_id
    JOIN idh.patch AS p ON p.patch_id = a.patch_id
    WHERE r.run_id = :run_id
    ORDER BY a.patient_key, a.code, p.study_id
)

SELECT study_id, code, count(*) OVER () AS patients
FROM changed
ORDER BY study_id
LIMIT :most
