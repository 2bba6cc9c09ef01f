SELECT DISTINCT k.object_key
FROM idh.dataset_pack AS k
JOIN idh.dataset_member AS m USING (dataset_id, sequence)
JOIN idh.patch AS p USING (patch_id)
WHERE m.patient_key = ANY(CAST(:keys AS text[])) OR p.study_id = ANY(CAST(:studies AS text[]))
