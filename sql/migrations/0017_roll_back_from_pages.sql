-- A model owner may withdraw a champion from the pages, and can change nothing else of a model.

CREATE FUNCTION idh.roll_back(wanted_sequence text, expected text, operator text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    present text;
    previous text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('idh promotion'));
    SELECT m.model_id INTO present FROM idh.model AS m WHERE m.sequence = wanted_sequence AND m.state = 'champion';
    SELECT m.model_id INTO previous
    FROM idh.model AS m
    WHERE m.sequence = wanted_sequence AND m.state = 'retired' AND m.promoted_at IS NOT NULL
    ORDER BY m.promoted_at DESC LIMIT 1;
    IF present IS NULL OR previous IS NULL OR present <> coalesce(expected, present) THEN
        RETURN NULL;
    END IF;
    UPDATE idh.model SET state = 'retired' WHERE model_id = present;
    UPDATE idh.model SET state = 'champion', promoted_at = now() WHERE model_id = previous;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'rolled back', previous, jsonb_build_object('withdraws', present));
    RETURN previous;
END
$$;
COMMENT ON FUNCTION idh.roll_back IS
'Makes the previous champion of a sequence champion again and returns its id; NULL if there is none, or if the present champion is not the expected one.';
REVOKE EXECUTE ON FUNCTION idh.roll_back(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.roll_back(text, text, text) TO idh_pages, idh_train;
