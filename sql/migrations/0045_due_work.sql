-- Work that is due is read by key: what changes an input notes the stages that depend on it, in the same transaction.

CREATE SEQUENCE idh.work_noted;
CREATE TABLE idh.due_work (
    stage text NOT NULL CHECK (stage IN ('link', 'prepare', 'predict', 'document', 'champion')),
    item text NOT NULL,
    priority smallint NOT NULL DEFAULT 0 CHECK (priority >= 0),
    noted bigint NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    attempts smallint NOT NULL DEFAULT 0,
    not_before timestamptz,
    holder text,
    held_at timestamptz,
    code text,
    reason text,
    PRIMARY KEY (stage, item),
    CHECK ((holder IS NULL) = (held_at IS NULL))
);
COMMENT ON TABLE idh.due_work IS 'What each stage has yet to look at; a row goes when its work is done.';
COMMENT ON COLUMN idh.due_work.item IS 'A study; of `link` a patient, of `champion` a sequence whose champion has changed.';
COMMENT ON COLUMN idh.due_work.priority IS '0: new. Above 0: made again in the background, after all that is new.';
COMMENT ON COLUMN idh.due_work.noted IS 'Grows with each note: what is noted again during the work stays due.';
COMMENT ON COLUMN idh.due_work.attempts IS 'How often a task has begun it since it was noted.';
COMMENT ON COLUMN idh.due_work.holder IS 'The task that works on it; another one takes it over when its hold has expired.';
COMMENT ON COLUMN idh.due_work.code IS 'Why it is not tried any more: its attempts have failed. A new note lifts it.';
CREATE INDEX due_work_next ON idh.due_work (stage, priority, noted DESC) WHERE code IS NULL;
CREATE INDEX due_work_held ON idh.due_work (holder) WHERE holder IS NOT NULL;
CREATE INDEX due_work_given_up ON idh.due_work (stage, noted DESC) WHERE code IS NOT NULL;

CREATE FUNCTION idh.note_work(the_stage text, items text[], its_priority integer DEFAULT 0) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- In the order of the keys, so that two transactions never wait for each other; the last item is the newest.
    INSERT INTO idh.due_work AS w (stage, item, priority, noted)
    SELECT the_stage, o.item, its_priority, o.noted
    FROM (
        SELECT g.item, nextval('idh.work_noted') AS noted
        FROM (SELECT u.item FROM unnest(items) WITH ORDINALITY AS u (item, place) ORDER BY u.place) AS g
    ) AS o
    ORDER BY o.item
    ON CONFLICT (stage, item) DO UPDATE
    SET noted = excluded.noted, noted_at = now(), priority = least(w.priority, excluded.priority),
        attempts = 0, not_before = NULL, code = NULL, reason = NULL
$$;
COMMENT ON FUNCTION idh.note_work IS 'Notes items as due, without duplicates; the priority of what is due already never falls.';

-- A study is noted for the stages that are named; a statement that writes thousands of rows notes each study once.
CREATE FUNCTION idh.note_study() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed text := CASE WHEN tg_op = 'DELETE' THEN old.study_id ELSE new.study_id END;
    the_stage text;
BEGIN
    FOREACH the_stage IN ARRAY tg_argv LOOP
        PERFORM idh.note_work(the_stage, ARRAY[changed]);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.note_studies() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_stage text;
BEGIN
    FOREACH the_stage IN ARRAY tg_argv LOOP
        PERFORM idh.note_work(the_stage, ARRAY(SELECT DISTINCT c.study_id FROM changed AS c));
    END LOOP;
    RETURN NULL;
END
$$;

-- Preparing: a study without patches of its present revision, and one whose proposed outline was accepted.
CREATE TRIGGER note_preparation
AFTER INSERT OR UPDATE OF revision, patched_revision, settings_hash, after_surgery ON idh.preparation
FOR EACH ROW WHEN (NOT new.after_surgery AND new.made_with IS NULL) EXECUTE FUNCTION idh.note_study('prepare');

CREATE FUNCTION idh.note_accepted_outline() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_work('prepare', ARRAY[new.subject]);
    RETURN NULL;
END
$$;
CREATE TRIGGER note_accepted_outline AFTER INSERT OR UPDATE OF answer ON idh.review
FOR EACH ROW WHEN (new.kind = 'automatic_roi' AND new.answer = 'accept') EXECUTE FUNCTION idh.note_accepted_outline();

-- What failed by no fault of the images is tried once more when it is noted after it has failed.
CREATE FUNCTION idh.is_to_prepare(wanted text, version text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM idh.preparation AS n
        WHERE n.study_id = wanted AND NOT n.after_surgery AND (
            n.made_with IS DISTINCT FROM version AND NOT EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = n.study_id AND p.revision = n.revision AND p.settings_hash = version
            )
            OR EXISTS (
                SELECT FROM idh.patch AS p
                JOIN idh.review AS v ON v.kind = 'automatic_roi' AND v.subject = p.study_id AND v.answer = 'accept'
                WHERE p.study_id = n.study_id AND p.revision = n.revision AND p.settings_hash = version
                    AND p.code = 'W_ROI_PROPOSED' AND v.answered_at > p.created_at
            )
            OR EXISTS (
                SELECT FROM idh.patch AS p
                JOIN idh.due_work AS w ON w.stage = 'prepare' AND w.item = p.study_id
                WHERE p.study_id = n.study_id AND p.revision = n.revision AND p.settings_hash = version
                    AND p.code IN ('E_PREPROC', 'E_PLUGIN') AND w.noted_at > p.created_at
            )
        )
    )
$$;
COMMENT ON FUNCTION idh.is_to_prepare IS 'Whether a study lacks patches of a version of code and settings.';

-- As in 0035, from what is noted: a version of code and settings makes nothing due by itself.
CREATE OR REPLACE FUNCTION idh.due_studies(version text) RETURNS TABLE (study_id text, again boolean)
LANGUAGE sql STABLE AS $$
    SELECT
        n.study_id,
        EXISTS (
            SELECT FROM idh.patch AS p
            WHERE p.study_id = n.study_id AND (p.settings_hash <> version OR p.revision <> n.revision)
            OFFSET 0
        ) AS again
    FROM idh.due_work AS w
    JOIN idh.preparation AS n ON n.study_id = w.item
    WHERE w.stage = 'prepare' AND w.code IS NULL AND idh.is_to_prepare(w.item, version)
$$;

-- Predictions and documents depend on patches, links, exclusions, owners and champions; documents on predictions, too.
CREATE TRIGGER note_study AFTER INSERT OR UPDATE OR DELETE ON idh.patch
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');
CREATE TRIGGER note_studies_added AFTER INSERT ON idh.case_link
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_studies('document', 'predict');
CREATE TRIGGER note_studies_removed AFTER DELETE ON idh.case_link
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_studies('document', 'predict');
CREATE TRIGGER note_study AFTER UPDATE ON idh.case_link
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');
CREATE TRIGGER note_study AFTER INSERT OR UPDATE OR DELETE ON idh.study_exclusion
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');
CREATE TRIGGER note_study AFTER INSERT OR UPDATE OR DELETE ON idh.owner_doubt
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');
CREATE TRIGGER note_study AFTER INSERT ON idh.owner_change
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');
CREATE TRIGGER note_study AFTER UPDATE OF revision, patient_key ON idh.study
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');
CREATE TRIGGER note_study AFTER INSERT OR UPDATE ON idh.prediction
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document');

-- A promotion concerns every study with the sequence: they are noted by the next run, not while a person waits.
CREATE FUNCTION idh.note_champion() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_work('champion', ARRAY[new.sequence]);
    RETURN NULL;
END
$$;
CREATE TRIGGER note_champion AFTER UPDATE OF state ON idh.model
FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state) EXECUTE FUNCTION idh.note_champion();
CREATE TRIGGER note_first_champion AFTER INSERT ON idh.model
FOR EACH ROW WHEN (new.state = 'champion') EXECUTE FUNCTION idh.note_champion();

CREATE FUNCTION idh.note_studies_of_champions() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed text[];
    with_patch text[];
    with_prediction text[];
BEGIN
    WITH gone AS (DELETE FROM idh.due_work WHERE stage = 'champion' RETURNING item)
    SELECT array_agg(g.item) INTO changed FROM gone AS g;
    IF changed IS NULL THEN
        RETURN 0;
    END IF;
    SELECT array_agg(s.study_id ORDER BY s.study_date NULLS FIRST, s.study_id) INTO with_patch
    FROM (
        SELECT DISTINCT t.study_id, t.study_date
        FROM idh.patch AS p
        JOIN idh.preparation AS n
            ON n.study_id = p.study_id AND n.revision = p.revision AND n.made_with = p.settings_hash
        JOIN idh.study AS t ON t.study_id = p.study_id
        WHERE p.sequence = ANY(changed) AND p.code IS NULL
            AND EXISTS (SELECT FROM idh.model AS m WHERE m.sequence = p.sequence AND m.state = 'champion')
    ) AS s;
    SELECT array_agg(s.study_id ORDER BY s.study_date NULLS FIRST, s.study_id) INTO with_prediction
    FROM (
        SELECT DISTINCT t.study_id, t.study_date
        FROM idh.prediction AS p
        JOIN idh.study AS t ON t.study_id = p.study_id
        WHERE p.sequence = ANY(changed)
    ) AS s;
    PERFORM idh.note_work('predict', with_patch, 1);
    PERFORM idh.note_work('document', with_prediction, 1);
    RETURN coalesce(cardinality(with_patch), 0);
END
$$;
COMMENT ON FUNCTION idh.note_studies_of_champions IS
'Notes the studies of sequences whose champion has changed, the newest first, after what is new; returns their number.';

REVOKE EXECUTE ON FUNCTION
    idh.note_work(text, text[], integer), idh.note_study(), idh.note_studies(), idh.note_accepted_outline(),
    idh.note_champion(), idh.note_studies_of_champions()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.note_studies_of_champions() TO idh_predict;
GRANT UPDATE, DELETE ON idh.due_work TO idh_preprocess, idh_predict;
GRANT DELETE ON idh.due_work TO idh_link, idh_erase;

-- What was due before: everything is looked at once.
SELECT idh.note_work('prepare', array_agg(n.study_id ORDER BY t.study_date NULLS FIRST))
FROM idh.preparation AS n
JOIN idh.study AS t ON t.study_id = n.study_id
WHERE NOT n.after_surgery AND (
    n.made_with IS NULL
    OR EXISTS (SELECT FROM idh.patch AS p WHERE p.study_id = n.study_id AND p.code = 'W_ROI_PROPOSED')
);
SELECT idh.note_work('predict', array_agg(p.study_id)) FROM (SELECT DISTINCT study_id FROM idh.patch) AS p;
SELECT idh.note_work('document', array_agg(p.study_id)) FROM (
    SELECT study_id FROM idh.patch UNION SELECT study_id FROM idh.prediction UNION SELECT study_id FROM idh.document
) AS p;
