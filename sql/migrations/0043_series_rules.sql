-- Local rules: a reviewer's answer about the name of a series holds for other series of the same protocol, once a person
-- has looked at what it would do and activated it.

CREATE TABLE idh.series_rule (
    rule_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review_id text NOT NULL,
    protocol text NOT NULL CHECK (protocol <> ''),
    manufacturer text NOT NULL,
    doubt text NOT NULL,
    tr double precision NOT NULL,
    te double precision NOT NULL,
    ti double precision NOT NULL,
    sequence text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.series_rule IS
'What a local rule matches and says; it never changes. The question may have been erased with its patient.';
COMMENT ON COLUMN idh.series_rule.protocol IS 'Keyed token of manufacturer, description and group of slices; no text.';
COMMENT ON COLUMN idh.series_rule.doubt IS 'Why the platform was not sure, without numbers: the rule settles only that.';

CREATE TABLE idh.series_rule_state (
    rule_id integer NOT NULL REFERENCES idh.series_rule,
    version integer NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('proposed', 'active', 'retired')),
    stated_by text NOT NULL,
    stated_at timestamptz NOT NULL DEFAULT now(),
    reason text,
    PRIMARY KEY (rule_id, version)
);
COMMENT ON TABLE idh.series_rule_state IS 'The states of each rule, one after the other; the last one is in force.';

CREATE FUNCTION idh.refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rules are append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER refuse_rule_change BEFORE UPDATE OR DELETE ON idh.series_rule
FOR EACH STATEMENT EXECUTE FUNCTION idh.refuse_rule_change();
CREATE TRIGGER refuse_rule_change BEFORE UPDATE OR DELETE ON idh.series_rule_state
FOR EACH STATEMENT EXECUTE FUNCTION idh.refuse_rule_change();

CREATE VIEW idh.present_series_rule AS
SELECT r.*, s.version, s.state, s.stated_by, s.stated_at, s.reason
FROM idh.series_rule AS r
CROSS JOIN LATERAL (
    SELECT l.* FROM idh.series_rule_state AS l WHERE l.rule_id = r.rule_id ORDER BY l.version DESC LIMIT 1
) AS s;

ALTER TABLE idh.series
    ADD COLUMN protocol text NOT NULL DEFAULT '',
    ADD COLUMN physics jsonb,
    ADD COLUMN rule_id integer REFERENCES idh.series_rule,
    ADD COLUMN rule_replaced text,
    ADD CONSTRAINT series_ruled CHECK ((rule_id IS NULL) = (rule_replaced IS NULL));
COMMENT ON COLUMN idh.series.protocol IS
'Keyed token of manufacturer, description and group of slices; empty without a description, and before migration 0043.';
COMMENT ON COLUMN idh.series.physics IS
'Times in ms, what the physics permits, and what physics and name indicate; NULL if it was stored before.';
COMMENT ON COLUMN idh.series.rule_replaced IS 'What had been concluded before the rule named the series.';
CREATE INDEX series_protocol ON idh.series (protocol) WHERE protocol <> '';
CREATE INDEX series_rule_named ON idh.series (rule_id) WHERE rule_id IS NOT NULL;

-- As in 0028, with the new columns.
CREATE OR REPLACE FUNCTION idh.new_revision(wanted_study text, cause text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present idh.study;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_study, 0));  -- as studies/lock_study: ingest holds it
    SELECT * INTO STRICT present FROM idh.study AS t WHERE t.study_id = wanted_study FOR UPDATE;
    UPDATE idh.study
    SET revision = present.revision + 1,
        content_hash = left(encode(sha256(convert_to(
            concat_ws(' ', present.content_hash, present.revision, cause), 'UTF8'
        )), 'hex'), 24)
    WHERE study_id = wanted_study;
    INSERT INTO idh.series (
        study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances,
        code, reason, axial, voxel_mm3, coverage_mm, contrast, protocol, physics, rule_id, rule_replaced
    )
    SELECT
        s.study_id, present.revision + 1, s.series_id, s.sequence, s.confidence, s.evidence, s.object_key, s.sha256,
        s.instances, s.code, s.reason, s.axial, s.voxel_mm3, s.coverage_mm, s.contrast, s.protocol, s.physics,
        s.rule_id, s.rule_replaced
    FROM idh.series AS s
    WHERE s.study_id = wanted_study AND s.revision = present.revision;
    RETURN present.revision + 1;
END
$$;

CREATE FUNCTION idh.propose_series_rule(wanted_review text, its_doubt text, operator text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made integer;
BEGIN
    INSERT INTO idh.series_rule (
        review_id, protocol, manufacturer, doubt, tr, te, ti, sequence, proposed_by
    )
    SELECT
        v.review_id, s.protocol, t.manufacturer, its_doubt,
        CAST(s.physics ->> 'tr' AS double precision), CAST(s.physics ->> 'te' AS double precision),
        CAST(s.physics ->> 'ti' AS double precision), v.answer, operator
    FROM idh.review AS v
    JOIN idh.study AS t ON t.study_id = v.detail ->> 'study'
    JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision AND s.series_id = v.subject
    WHERE v.review_id = wanted_review AND v.kind = 'series_name' AND v.answer IS NOT NULL AND s.protocol <> ''
        AND jsonb_exists(s.physics -> 'permitted', v.answer)
    RETURNING rule_id INTO made;
    IF made IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO idh.series_rule_state (rule_id, version, state, stated_by) VALUES (made, 1, 'proposed', operator);
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'rule proposed', made::text, jsonb_build_object('question', wanted_review));
    RETURN made;
END
$$;
COMMENT ON FUNCTION idh.propose_series_rule IS
'Makes a local rule of the answer to a question and returns its number; NULL if the answer cannot become one.';

CREATE FUNCTION idh.change_series_rule(
    wanted integer, seen integer, new_state text, why text, operator text, effects jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4711005);  -- as series_rules/lock_rules
    INSERT INTO idh.series_rule_state (rule_id, version, state, stated_by, reason)
    SELECT r.rule_id, r.version + 1, new_state, operator, nullif(why, '')
    FROM idh.present_series_rule AS r
    WHERE r.rule_id = wanted AND r.version = seen
        AND ((r.state = 'proposed' AND new_state = 'active') OR (r.state <> 'retired' AND new_state = 'retired'));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, CASE new_state WHEN 'active' THEN 'rule activated' ELSE 'rule retired' END, wanted::text,
        effects || jsonb_strip_nulls(jsonb_build_object('why', nullif(why, '')))
    );
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.change_series_rule IS
'Activates or retires a rule; false if its state is not the one that was seen, or does not allow it.';

CREATE FUNCTION idh.name_by_rule(
    wanted integer, wanted_study text, wanted_series text, present_sequence text, present_evidence text, operator text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule idh.present_series_rule;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_study, 0));  -- as studies/lock_study
    SELECT r.* INTO rule
    FROM idh.present_series_rule AS r
    JOIN idh.study AS t ON t.study_id = wanted_study
    JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision AND s.series_id = wanted_series
    WHERE r.rule_id = wanted AND r.state = 'active' AND s.protocol = r.protocol AND s.confidence = 'low'
        AND jsonb_exists(s.physics -> 'permitted', r.sequence);
    IF NOT FOUND OR NOT idh.name_series(
        wanted_study, wanted_series, present_sequence, present_evidence, rule.sequence, 'high',
        concat(present_evidence, '; local rule ', rule.rule_id, ' (', rule.proposed_by, ') named it ', rule.sequence)
    ) THEN
        RETURN false;
    END IF;
    UPDATE idh.series AS s SET rule_id = wanted, rule_replaced = present_sequence
    FROM idh.study AS t
    WHERE t.study_id = wanted_study AND s.study_id = t.study_id AND s.revision = t.revision
        AND s.series_id = wanted_series;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, 'named by rule', wanted_study,
        jsonb_build_object('rule', wanted, 'series', jsonb_build_array(wanted_series))
    );
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.name_by_rule IS
'Names a stored series by an active rule of its protocol; false if it is not as it was seen, or physics excludes it.';

CREATE FUNCTION idh.take_back_rule_name(wanted integer, wanted_study text, wanted_series text, operator text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present idh.series;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_study, 0));  -- as studies/lock_study
    SELECT s.* INTO present
    FROM idh.study AS t
    JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
    WHERE t.study_id = wanted_study AND s.series_id = wanted_series AND s.rule_id = wanted;
    IF NOT FOUND OR NOT idh.name_series(
        wanted_study, wanted_series, present.sequence, present.evidence, present.rule_replaced, 'low',
        split_part(present.evidence, '; local rule ', 1)
    ) THEN
        RETURN false;
    END IF;
    UPDATE idh.series AS s SET rule_id = NULL, rule_replaced = NULL
    FROM idh.study AS t
    WHERE t.study_id = wanted_study AND s.study_id = t.study_id AND s.revision = t.revision
        AND s.series_id = wanted_series;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, 'rule name taken back', wanted_study,
        jsonb_build_object('rule', wanted, 'series', jsonb_build_array(wanted_series))
    );
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.take_back_rule_name IS
'Takes the name that a rule gave a series back: it is not sure again, and a reviewer is asked.';

REVOKE EXECUTE ON FUNCTION
    idh.propose_series_rule(text, text, text), idh.change_series_rule(integer, integer, text, text, text, jsonb),
    idh.name_by_rule(integer, text, text, text, text, text), idh.take_back_rule_name(integer, text, text, text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    idh.propose_series_rule(text, text, text), idh.change_series_rule(integer, integer, text, text, text, jsonb),
    idh.name_by_rule(integer, text, text, text, text, text), idh.take_back_rule_name(integer, text, text, text)
TO idh_pages;

-- A rule does not outlive the answer that it was made of.
CREATE FUNCTION idh.retire_rules_of_answer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule idh.present_series_rule;
BEGIN
    PERFORM pg_advisory_xact_lock(4711005);  -- as series_rules/lock_rules
    FOR rule IN
        SELECT r.* FROM idh.present_series_rule AS r WHERE r.review_id = OLD.review_id AND r.state <> 'retired'
    LOOP
        INSERT INTO idh.series_rule_state (rule_id, version, state, stated_by, reason)
        VALUES (rule.rule_id, rule.version + 1, 'retired', 'review', 'its answer was taken back');
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        VALUES ('review', 'rule retired', rule.rule_id::text, jsonb_build_object('question', OLD.review_id));
    END LOOP;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION idh.retire_rules_of_answer() FROM PUBLIC;
CREATE TRIGGER retire_rules_of_answer AFTER UPDATE OF answer ON idh.review
FOR EACH ROW WHEN (OLD.kind = 'series_name' AND OLD.answer IS NOT NULL AND NEW.answer IS NULL)
EXECUTE FUNCTION idh.retire_rules_of_answer();
