SELECT DISTINCT p.object_key
FROM idh.dataset_pack AS p
JOIN idh.dataset_member AS m USING (dataset_id, sequence)
WHERE m.patient_key = ANY(CAST(:keys AS text[]))
