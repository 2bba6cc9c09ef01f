-- By person: of merged patients, one who was locked stays locked.
SELECT o.person_key AS patient_key, bool_or(d.locked) AS locked
FROM idh.locked_decision AS d
JOIN idh.person_of AS o USING (patient_key)
GROUP BY o.person_key
