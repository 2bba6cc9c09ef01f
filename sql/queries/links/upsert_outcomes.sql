INSERT INTO idh.study_outcome AS k (study_id, outcome)
SELECT t.study_id, coalesce(max(l.idh_status) FILTER (WHERE l.chosen), min(l.code), 'W_NO_PATHOLOGY')
FROM touched
JOIN idh.study AS t ON t.patient_key = touched.patient_key
LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id
GROUP BY t.study_id
ON CONFLICT (study_id) DO UPDATE SET outcome = excluded.outcome WHERE k.outcome <> excluded.outcome
