SELECT i.birth_date, p.sex
FROM phi.patient_identity AS i
JOIN idh.patient AS p USING (patient_key)
WHERE i.patient_key = :patient_key
