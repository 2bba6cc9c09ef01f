SELECT DISTINCT k.object_key
FROM idh.packed_patch AS k
JOIN idh.patch AS p USING (patch_id)
WHERE p.study_id = ANY(CAST(:studies AS text[]))
    OR k.patch_id IN (SELECT m.patch_id FROM idh.dataset_member AS m WHERE m.patient_key = ANY(CAST(:keys AS text[])))
