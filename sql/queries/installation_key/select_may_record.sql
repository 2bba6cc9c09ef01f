-- Naming a table of a schema without the right to use it would be an error.
SELECT CASE
    WHEN has_schema_privilege('phi', 'USAGE') THEN
        has_table_privilege('idh.pseudonym_key', 'INSERT') AND has_table_privilege('phi.patient_identity', 'SELECT')
    ELSE false
END AS may_record
