-- Every key of one person, whatever key is given.
SELECT o.patient_key
FROM idh.person_of AS o
JOIN idh.person_of AS mine ON mine.person_key = o.person_key
WHERE mine.patient_key = :patient_key
ORDER BY o.patient_key
