-- An outline that a person submitted can be withdrawn before it is accepted; the study then has the outline from before.

ALTER TABLE idh.submitted_outline
ADD COLUMN withdrawn_by text,
ADD COLUMN withdrawn_at timestamptz,
ADD COLUMN withdrawn_reason text,
ADD CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_reason IS NULL));

CREATE FUNCTION idh.submitted_last(wanted text) RETURNS idh.submitted_outline
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s FROM idh.submitted_outline AS s
    WHERE s.study_id = wanted AND s.withdrawn_at IS NULL
    ORDER BY s.submission_id DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION idh.submitted_last IS 'The outline that was submitted last for a study and not withdrawn, or NULL.';

-- As in 0028, except that one that was withdrawn can be submitted again.
CREATE OR REPLACE FUNCTION idh.submit_outline(wanted text, new_sha256 text, new_key text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- As studies/lock_study, and before any row: ingest takes the lock first as well.
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted, 0));
    PERFORM FROM idh.study AS t WHERE t.study_id = wanted;
    IF NOT FOUND OR new_sha256 = (idh.submitted_last(wanted)).sha256 THEN
        RETURN false;
    END IF;
    INSERT INTO idh.submitted_outline (study_id, sha256, object_key, submitted_by)
    VALUES (wanted, new_sha256, new_key, operator);
    -- An outline that was submitted before as well is asked about again: what was answered then does not count now.
    UPDATE idh.review
    SET moot = false, answer = NULL, answered_by = NULL, answered_at = NULL, asked_at = NULL, reopened_at = now()
    WHERE kind = 'automatic_roi' AND subject = wanted AND evidence = new_sha256;
    PERFORM idh.new_revision(wanted, new_sha256);
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'outline submitted', wanted, jsonb_build_object('sha256', new_sha256));
    RETURN true;
END
$$;

CREATE FUNCTION idh.withdraw_outline(wanted text, wanted_sha256 text, why text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present idh.submitted_outline;
BEGIN
    PERFORM pg_advisory_xact_lock(4711003);  -- as links/lock_linkage: nobody accepts it meanwhile
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted, 0));  -- as studies/lock_study
    present := idh.submitted_last(wanted);
    IF present.sha256 IS DISTINCT FROM wanted_sha256 OR EXISTS (
        SELECT FROM idh.review AS v
        WHERE v.kind = 'automatic_roi' AND v.subject = wanted AND v.evidence = wanted_sha256 AND v.answer = 'accept'
    ) THEN
        RETURN false;
    END IF;
    UPDATE idh.submitted_outline SET withdrawn_by = operator, withdrawn_at = now(), withdrawn_reason = why
    WHERE submission_id = present.submission_id;
    UPDATE idh.review SET moot = true
    WHERE kind = 'automatic_roi' AND subject = wanted AND evidence = wanted_sha256 AND answer IS NULL;
    PERFORM idh.new_revision(wanted, concat('withdrawn ', present.submission_id));
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'outline withdrawn', wanted, jsonb_build_object('sha256', wanted_sha256, 'why', why));
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.withdraw_outline IS
'Withdraws the outline that was submitted last; false if it is another one, or was accepted.';
REVOKE EXECUTE ON FUNCTION idh.withdraw_outline(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.withdraw_outline(text, text, text, text) TO idh_pages;

-- The few patches whose document must be superseded.
CREATE INDEX patch_withdrawn ON idh.patch (study_id, revision) WHERE code = 'W_ROI_PROPOSED' AND object_key IS NOT NULL;
