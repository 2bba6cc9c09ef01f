-- As count_changes, from the kept places: those of new patients have changed since the dataset was counted, which may be
-- some hours before it was stored. An image of a provenance that is not accepted makes nobody a patient of a dataset.
SELECT
    (
        SELECT count(*)
        FROM idh.dataset AS d
        JOIN idh.cohort_place AS k ON k.changed_at > d.created_at - interval '1 day'
        WHERE d.dataset_id = :dataset_id AND k.idh_status IS NOT NULL
            AND NOT EXISTS (
                SELECT 1 FROM idh.dataset_member AS m
                WHERE m.dataset_id = d.dataset_id AND m.patient_key = k.person_key
            )
            AND EXISTS (
                SELECT 1
                FROM idh.study AS t
                JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision
                WHERE t.study_id = k.study_id AND p.settings_hash = :settings_hash AND p.code IS NULL
                    AND p.provenance = ANY(CAST(:provenances AS text[]))
            )
    ) AS new_cases,
    (SELECT count(DISTINCT a.patient_key) FROM idh.affected AS a WHERE a.dataset_id = :dataset_id) AS affected
