-- A champion can be withdrawn without a successor, a judgement says which rules were switched off, and what was released
-- stays on the page until a run has taken it.

ALTER TABLE idh.model
    ADD COLUMN withdrawn_by text,
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_reason text,
    ADD CONSTRAINT model_withdrawn CHECK (
        num_nonnulls(withdrawn_by, withdrawn_at, withdrawn_reason) IN (0, 3)
        AND (withdrawn_at IS NULL OR state = 'retired')
    );
COMMENT ON COLUMN idh.model.withdrawn_at IS
'When it was withdrawn without a successor; it is never champion again. NULL if it was not.';

CREATE FUNCTION idh.withdraw_champion(wanted_sequence text, expected text, why text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('idh promotion'));
    UPDATE idh.model
    SET state = 'retired', withdrawn_by = operator, withdrawn_at = now(), withdrawn_reason = why
    WHERE model_id = expected AND sequence = wanted_sequence AND state = 'champion';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'champion withdrawn', expected, jsonb_build_object('sequence', wanted_sequence, 'comment', why));
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.withdraw_champion IS
'Withdraws the champion of a sequence, which has none then; false if the present champion is not the expected one.';
REVOKE EXECUTE ON FUNCTION idh.withdraw_champion(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.withdraw_champion(text, text, text, text) TO idh_pages;

-- As in 0027, except that a champion that was withdrawn without a successor does not return.
CREATE OR REPLACE FUNCTION idh.roll_back(wanted_sequence text, expected text, operator text, comment text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present text;
    previous text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('idh promotion'));
    SELECT m.model_id INTO present FROM idh.model AS m WHERE m.sequence = wanted_sequence AND m.state = 'champion';
    SELECT m.model_id INTO previous
    FROM idh.model AS m
    WHERE m.sequence = wanted_sequence AND m.state = 'retired' AND m.promoted_at IS NOT NULL AND m.withdrawn_at IS NULL
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

ALTER TABLE idh.judgement ADD COLUMN switched_off text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN idh.judgement.switched_off IS
'Settings of the rules that were switched off when the network was judged: promotion_floor, baseline_margin.';
-- Earlier judgements were made with the settings of their run, unless somebody changed them in between.
UPDATE idh.judgement AS j
SET switched_off = array_remove(ARRAY[
    CASE WHEN CAST(r.settings ->> 'promotion_floor' AS double precision) = 0 THEN 'promotion_floor' END,
    CASE WHEN CAST(r.settings ->> 'baseline_margin' AS double precision) >= 1 THEN 'baseline_margin' END
], NULL)
FROM idh.training_run AS r
WHERE r.run_id = j.run_id;

CREATE INDEX quarantine_released ON idh.quarantine (item_id) WHERE readmitted_at IS NOT NULL;

-- The pages may see that a delivery waits, but not what the hospital calls it.
CREATE FUNCTION phi.released(chosen_code text, chosen_study text, most integer)
RETURNS TABLE (
    subject text, code text, scope text, study_id text, reason text, released_at timestamptz, released_by text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT q.subject, q.code, q.scope, q.study_id, q.reason, q.readmitted_at, e.actor
    FROM phi.inbox AS i
    JOIN idh.quarantine AS q ON q.item_id = i.item_id AND q.readmitted_at IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT a.actor FROM idh.audit_event AS a
        WHERE a.action = 'readmitted' AND a.subject = q.subject
        ORDER BY a.event_id DESC LIMIT 1
    ) AS e ON true
    WHERE i.state IN ('found', 'failed')
        AND (chosen_code = '' OR q.code = chosen_code) AND (chosen_study = '' OR q.study_id = chosen_study)
    ORDER BY q.readmitted_at DESC, q.subject, q.code
    LIMIT least(most, 1000)
$$;
COMMENT ON FUNCTION phi.released IS
'What a person had tried again and no run has taken or held since, the latest first, with who did it.';
REVOKE EXECUTE ON FUNCTION phi.released(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.released(text, text, integer) TO idh_pages;
