SELECT patient_key FROM idh.erasure WHERE patient_key = ANY(CAST(:keys AS text[]))
