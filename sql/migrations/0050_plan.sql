-- A version of code and settings makes nothing due by itself: what was made with an earlier one is counted, and made again
-- if a person decides so. What was given up is tried again if a person decides so.

ALTER TABLE idh.preparation
    ADD COLUMN year smallint,
    ADD COLUMN labelled boolean NOT NULL DEFAULT false,
    ADD COLUMN prepared_at timestamptz,
    ADD COLUMN seconds real;
COMMENT ON COLUMN idh.preparation.year IS 'Of the study date, which is shifted; NULL if the study has none.';
COMMENT ON COLUMN idh.preparation.labelled IS 'Whether the study was chosen for its patient and has an IDH status.';
COMMENT ON COLUMN idh.preparation.prepared_at IS 'When patches of another version or revision were made last.';
COMMENT ON COLUMN idh.preparation.seconds IS 'How long that took, from its claim; NULL if it was not claimed.';

UPDATE idh.preparation AS n
SET year = extract(year FROM t.study_date),
    labelled = EXISTS (
        SELECT FROM idh.case_link AS l
        WHERE l.study_id = n.study_id AND l.chosen AND l.idh_status IN ('mutant', 'wildtype')
    )
FROM idh.study AS t
WHERE t.study_id = n.study_id;
DROP INDEX idh.preparation_due;
CREATE INDEX preparation_outdated ON idh.preparation (made_with, year, labelled) WHERE NOT after_surgery;
CREATE INDEX preparation_measured ON idh.preparation (prepared_at DESC) INCLUDE (seconds) WHERE seconds IS NOT NULL;
CREATE INDEX preparation_latest ON idh.preparation (prepared_at) WHERE prepared_at IS NOT NULL;

-- As in 0035, with the year.
CREATE OR REPLACE FUNCTION idh.study_to_prepare() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO idh.preparation (study_id, revision, year)
    VALUES (new.study_id, new.revision, extract(year FROM new.study_date))
    ON CONFLICT (study_id) DO UPDATE SET revision = excluded.revision, year = excluded.year;
    RETURN NULL;
END
$$;
DROP TRIGGER study_to_prepare ON idh.study;
CREATE TRIGGER study_to_prepare AFTER INSERT OR UPDATE OF revision, study_date ON idh.study
FOR EACH ROW EXECUTE FUNCTION idh.study_to_prepare();

-- As in 0035, with the time that it took.
CREATE OR REPLACE FUNCTION idh.study_prepared() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tg_op <> 'INSERT' THEN
        UPDATE idh.preparation SET patched_revision = NULL, settings_hash = NULL
        WHERE study_id = old.study_id AND patched_revision = old.revision AND settings_hash = old.settings_hash;
    END IF;
    IF tg_op <> 'DELETE' THEN
        UPDATE idh.preparation
        SET patched_revision = new.revision, settings_hash = new.settings_hash, prepared_at = now(),
            seconds = (
                SELECT extract(epoch FROM now() - w.held_at)
                FROM idh.due_work AS w
                WHERE w.stage = 'prepare' AND w.item = new.study_id
            )
        WHERE study_id = new.study_id AND coalesce(patched_revision <= new.revision, true)
            AND (patched_revision, settings_hash) IS DISTINCT FROM (new.revision, new.settings_hash);
    END IF;
    RETURN NULL;
END
$$;

-- As in 0035, with the label.
CREATE OR REPLACE FUNCTION idh.study_linked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text := CASE WHEN tg_op = 'DELETE' THEN old.study_id ELSE new.study_id END;
    late boolean;
    has_label boolean;
BEGIN
    SELECT
        bool_and(l.code = 'W_POSTOP') IS true,
        bool_or(l.chosen AND l.idh_status IN ('mutant', 'wildtype')) IS true
    INTO late, has_label
    FROM idh.case_link AS l WHERE l.study_id = wanted;
    UPDATE idh.preparation SET after_surgery = late WHERE study_id = wanted AND after_surgery <> late;
    UPDATE idh.preparation SET labelled = has_label WHERE study_id = wanted AND labelled <> has_label;
    RETURN NULL;
END
$$;

CREATE FUNCTION idh.make_again(version text, only_labelled boolean, operator text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ready text[];
    outdated text[];
    added bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(4711006);  -- two persons who start it at the same time note each study once
    -- What an earlier change back and forth has left behind is used again at once, and costs nothing.
    WITH adopted AS (
        UPDATE idh.preparation AS n SET settings_hash = version
        WHERE NOT n.after_surgery AND (n.made_with < version OR n.made_with > version)
            AND (n.labelled OR NOT only_labelled)
            AND EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = n.study_id AND p.revision = n.revision AND p.settings_hash = version
            )
        RETURNING n.study_id
    )
    SELECT array_agg(a.study_id ORDER BY t.study_date NULLS FIRST, a.study_id) INTO ready
    FROM adopted AS a
    JOIN idh.study AS t ON t.study_id = a.study_id;
    PERFORM idh.note_work('predict', ready, 1);
    PERFORM idh.note_work('document', ready, 1);
    -- All are noted anew, so that the newest comes first also among those that a narrower plan has noted before.
    SELECT
        array_agg(n.study_id ORDER BY t.study_date NULLS FIRST, n.study_id), count(*) FILTER (WHERE w.item IS NULL)
    INTO outdated, added
    FROM idh.preparation AS n
    JOIN idh.study AS t ON t.study_id = n.study_id
    LEFT JOIN idh.due_work AS w ON w.stage = 'prepare' AND w.item = n.study_id AND w.code IS NULL
    WHERE NOT n.after_surgery AND (n.made_with < version OR n.made_with > version)
        AND (n.labelled OR NOT only_labelled OR w.priority > 0)
        AND (w.item IS NULL OR (w.priority > 0 AND w.holder IS NULL));
    IF added + coalesce(cardinality(ready), 0) = 0 THEN
        RETURN 0;
    END IF;
    PERFORM idh.note_work('prepare', outdated, 1);
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, 'plan started', version,
        jsonb_build_object(
            'studies', added, 'ready', coalesce(cardinality(ready), 0), 'only_labelled', only_labelled
        )
    );
    RETURN added + coalesce(cardinality(ready), 0);
END
$$;
COMMENT ON FUNCTION idh.make_again IS
'Notes the studies that were prepared with another version, after what is new and the newest first; returns how many.';

CREATE FUNCTION idh.stop_making_again(version text, operator text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    DELETE FROM idh.due_work WHERE stage = 'prepare' AND priority > 0 AND code IS NULL AND holder IS NULL;
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed > 0 THEN
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        VALUES (operator, 'plan stopped', version, jsonb_build_object('studies', removed));
    END IF;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION idh.stop_making_again IS
'Removes what is to be made again and is not begun; what is new stays. Returns the number of studies.';

-- What failed with the present version, and not because of the images: it may succeed once the cause is mended.
CREATE INDEX audit_event_plan ON idh.audit_event (event_id DESC) WHERE action IN ('plan started', 'plan stopped');
CREATE INDEX patch_failed ON idh.patch (settings_hash, study_id) WHERE code IN ('E_PREPROC', 'E_PLUGIN');

CREATE FUNCTION idh.failed_studies(version text) RETURNS TABLE (study_id text)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT p.study_id
    FROM idh.patch AS p
    JOIN idh.preparation AS n ON n.study_id = p.study_id AND n.revision = p.revision
    WHERE p.settings_hash = version AND p.code IN ('E_PREPROC', 'E_PLUGIN') AND NOT n.after_surgery
        AND NOT EXISTS (
            SELECT FROM idh.due_work AS w WHERE w.stage = 'prepare' AND w.item = p.study_id AND w.code IS NULL
        )
$$;
COMMENT ON FUNCTION idh.failed_studies IS
'Studies that failed with a version by an unforeseen error or for want of a plug-in, and do not wait to be prepared.';

CREATE FUNCTION idh.retry_failed(version text, operator text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    failed text[];
BEGIN
    SELECT array_agg(f.study_id ORDER BY t.study_date NULLS FIRST, f.study_id) INTO failed
    FROM idh.failed_studies(version) AS f
    JOIN idh.study AS t ON t.study_id = f.study_id;
    IF failed IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM idh.note_work('prepare', failed);
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'failed tried again', version, jsonb_build_object('studies', cardinality(failed)));
    RETURN cardinality(failed);
END
$$;
COMMENT ON FUNCTION idh.retry_failed IS 'Has studies prepared again that failed with a version; returns how many.';

CREATE FUNCTION idh.retry_work(stages text[], items text[], operator text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    again bigint;
BEGIN
    WITH given_up AS (
        SELECT w.stage, w.item, w.code
        FROM idh.due_work AS w
        JOIN unnest(stages, items) AS u (stage, item) ON u.stage = w.stage AND u.item = w.item
        WHERE w.code IS NOT NULL
        ORDER BY w.stage, w.item
        FOR UPDATE OF w
    ),
    taken_up AS (
        UPDATE idh.due_work AS w
        SET noted = nextval('idh.work_noted'), noted_at = now(), attempts = 0, not_before = NULL, code = NULL,
            reason = NULL
        FROM given_up AS g WHERE w.stage = g.stage AND w.item = g.item
        RETURNING w.stage, w.item, g.code
    ),
    recorded AS (
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        SELECT operator, 'work tried again', t.item, jsonb_build_object('stage', t.stage, 'code', t.code)
        FROM taken_up AS t
    )
    SELECT count(*) INTO again FROM taken_up;
    RETURN again;
END
$$;
COMMENT ON FUNCTION idh.retry_work IS 'Has given-up work tried again, with an audit event each; returns how many.';

REVOKE EXECUTE ON FUNCTION
    idh.make_again(text, boolean, text), idh.stop_making_again(text, text), idh.retry_failed(text, text),
    idh.retry_work(text[], text[], text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    idh.make_again(text, boolean, text), idh.stop_making_again(text, text), idh.retry_failed(text, text),
    idh.retry_work(text[], text[], text)
TO idh_pages;
