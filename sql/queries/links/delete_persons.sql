DELETE FROM idh.person AS x USING touched AS t
WHERE x.patient_key = t.patient_key AND NOT EXISTS (
    SELECT FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (patient_key text, person_key text)
    WHERE given.patient_key = x.patient_key AND given.person_key = x.person_key
)
