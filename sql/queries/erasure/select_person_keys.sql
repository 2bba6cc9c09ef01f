-- Every key of one person, given any of them.
SELECT o.patient_key
FROM idh.person_of AS o
JOIN idh.person_of AS given ON given.person_key = o.person_key
WHERE given.patient_key = :patient_key
ORDER BY o.patient_key
