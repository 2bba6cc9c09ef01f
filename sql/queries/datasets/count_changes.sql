-- Changes since a dataset: patients who are not in it, and members whose label, person or study has changed.
WITH given AS (SELECT unnest(CAST(:patients AS text[])) AS patient_key)

SELECT
    (
        SELECT count(*) FROM given AS g
        WHERE NOT EXISTS (
            SELECT 1 FROM idh.dataset_member AS m
            WHERE m.dataset_id = :dataset_id AND m.patient_key = g.patient_key
        )
    ) AS new_cases,
    (
        SELECT count(DISTINCT a.patient_key) FROM idh.affected AS a WHERE a.dataset_id = :dataset_id
    ) AS affected
