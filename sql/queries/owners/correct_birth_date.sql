-- All studies of the patient state this date by now: the age at each follows from it.
UPDATE phi.patient_identity SET birth_date = :birth_date WHERE patient_key = :patient_key;
UPDATE idh.study AS t
SET age_years = round((t.study_date + coalesce(i.shift_days, 0) - i.birth_date) / 365.25, 1)
FROM phi.patient_identity AS i
WHERE t.patient_key = :patient_key AND i.patient_key = t.patient_key
    AND t.study_date + coalesce(i.shift_days, 0) >= i.birth_date;
UPDATE idh.quarantine AS q SET readmitted_at = now()
FROM idh.owner_doubt AS d
WHERE d.stated = :stated AND q.subject = d.study_id AND q.code = d.code;
DELETE FROM idh.owner_doubt WHERE stated = :stated
