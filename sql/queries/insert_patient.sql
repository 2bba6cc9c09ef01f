INSERT INTO idh.patient (patient_key, sex) VALUES (:patient_key, :sex)
ON CONFLICT (patient_key) DO NOTHING
