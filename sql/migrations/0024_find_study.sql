-- The pages may ask which study has an accession number or a Study Instance UID; who asked is recorded, what is not.
CREATE FUNCTION phi.find_study(wanted text, reader text) RETURNS TABLE (study_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    found text[];
BEGIN
    found := ARRAY(
        SELECT i.study_id FROM phi.study_identity AS i
        WHERE i.study_instance_uid = wanted OR i.accession_number = wanted
        ORDER BY i.study_id LIMIT 10
    );
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        reader, 'study looked up', CASE cardinality(found) WHEN 1 THEN found[1] ELSE 'studies' END,
        jsonb_build_object('found', cardinality(found))
    );
    RETURN QUERY SELECT unnest(found);
END
$$;
COMMENT ON FUNCTION phi.find_study IS 'The studies with an accession number or a Study Instance UID; at most ten.';
REVOKE EXECUTE ON FUNCTION phi.find_study(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.find_study(text, text) TO idh_pages;
CREATE INDEX study_identity_accession ON phi.study_identity (accession_number);
