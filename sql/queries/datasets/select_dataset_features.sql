-- For each patient of a run's dataset: age at imaging, sex, and the mean rCBV in the tumour outline, unless it is on
-- another scale than that of the others: that of the whole brain where white matter is the rule, or a vendor's own.
SELECT DISTINCT ON (d.patient_key)
    d.patient_key, t.age_years, o.sex,
    CASE
        WHEN r.origin -> 'settings' ->> 'rcbv_reference' = 'brain' THEN
            CASE WHEN r.provenance = 'computed' THEN r.roi_mean END
        WHEN coalesce(r.quality -> 'flags', '[]') ? 'W_RCBV_REFERENCE' OR r.origin ->> 'reference' = 'T2' THEN NULL
        ELSE r.roi_mean
    END AS mean_rcbv
FROM idh.training_run AS run
JOIN idh.dataset_member AS d USING (dataset_id)
JOIN idh.patch AS p ON p.patch_id = d.patch_id
JOIN idh.study AS t ON t.study_id = p.study_id
JOIN idh.person_of AS o ON o.patient_key = d.patient_key
LEFT JOIN idh.dataset_member AS c
    ON c.dataset_id = d.dataset_id AND c.patient_key = d.patient_key AND c.sequence = 'RCBV'
LEFT JOIN idh.patch AS r ON r.patch_id = c.patch_id
WHERE run.run_id = :run_id
ORDER BY d.patient_key, d.sequence
