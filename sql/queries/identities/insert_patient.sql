INSERT INTO idh.patient (patient_key, sex) VALUES (:patient_key, :sex)
ON CONFLICT (patient_key) DO UPDATE SET sex = EXCLUDED.sex
WHERE patient.sex IS NULL AND EXCLUDED.sex IS NOT NULL
