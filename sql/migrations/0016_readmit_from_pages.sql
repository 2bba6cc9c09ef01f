-- The pages may have a held delivery tried again, and can touch nothing else of the inbox.

CREATE FUNCTION phi.readmit(wanted_subjects text[], operator text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    deliveries bigint;
BEGIN
    WITH readmitted AS (
        UPDATE idh.quarantine SET readmitted_at = now()
        WHERE subject = ANY(wanted_subjects) AND readmitted_at IS NULL AND item_id IS NOT NULL
        RETURNING subject, item_id
    ),
    opened AS (
        UPDATE phi.inbox AS i SET state = 'found', code = NULL, reason = NULL
        FROM readmitted AS r WHERE i.item_id = r.item_id
        RETURNING i.item_id
    ),
    recorded AS (
        INSERT INTO idh.audit_event (actor, action, subject)
        SELECT DISTINCT operator, 'readmitted', r.subject FROM readmitted AS r
    )
    SELECT count(*) INTO deliveries FROM opened;
    RETURN deliveries;
END
$$;
COMMENT ON FUNCTION phi.readmit IS 'Has the next night try the deliveries of held subjects again; returns their number.';
REVOKE EXECUTE ON FUNCTION phi.readmit(text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.readmit(text[], text) TO idh_pages, idh_ingest;
