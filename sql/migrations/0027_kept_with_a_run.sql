-- What a run was trained on, why a champion was withdrawn, filters of the audit log that forgive, when a connection last
-- worked, and where a setting comes from.

-- The cohort as it was counted when the dataset was frozen, and the version of the code and settings of its patches.
ALTER TABLE idh.dataset ADD COLUMN cohort jsonb, ADD COLUMN preprocessing_version text;
GRANT UPDATE (cohort, preprocessing_version) ON idh.dataset TO idh_train;
COMMENT ON COLUMN idh.dataset.cohort IS 'The cohort as it was counted when the dataset was frozen; NULL before 0027.';
COMMENT ON COLUMN idh.dataset.preprocessing_version IS 'Hash of the code and settings that cut its patches.';

-- The beginning of a subject finds it, in capitals or not; "C" orders by bytes, so that a beginning is a range.
CREATE INDEX audit_event_subject_start ON idh.audit_event (lower(subject) COLLATE "C", event_id DESC);

DROP FUNCTION idh.roll_back(text, text, text);
CREATE FUNCTION idh.roll_back(wanted_sequence text, expected text, operator text, comment text) RETURNS text
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
    VALUES (
        operator, 'rolled back', previous,
        jsonb_strip_nulls(jsonb_build_object('withdraws', present, 'comment', nullif(comment, '')))
    );
    RETURN previous;
END
$$;
COMMENT ON FUNCTION idh.roll_back IS
'Makes the previous champion of a sequence champion again and returns its id; NULL if there is none, or if the present champion is not the expected one. The comment is kept in the audit log.';
REVOKE EXECUTE ON FUNCTION idh.roll_back(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.roll_back(text, text, text, text) TO idh_pages, idh_train;

ALTER TABLE idh.source_check ADD COLUMN succeeded_at timestamptz;
UPDATE idh.source_check SET succeeded_at = checked_at WHERE outcome = 'ok';
COMMENT ON COLUMN idh.source_check.succeeded_at IS 'When a test last succeeded; NULL if none has.';
ALTER TABLE idh.worker_settings ADD COLUMN from_environment text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN idh.worker_settings.from_environment IS 'The settings that variables of the worker set.';
