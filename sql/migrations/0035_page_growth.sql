-- What a page reads does not grow with history: which studies are to be prepared and how many patients each group of the
-- cohort has are kept by the transactions that change them, and lists are read by an index in their order.

-- One row per study. A study whose patches are of another version, or of another revision, is a candidate for preparing.
CREATE TABLE idh.preparation (
    study_id text PRIMARY KEY REFERENCES idh.study ON DELETE CASCADE,
    revision integer NOT NULL,
    patched_revision integer,
    settings_hash text,
    after_surgery boolean NOT NULL DEFAULT false,
    made_with text GENERATED ALWAYS AS (CASE WHEN patched_revision = revision THEN settings_hash END) STORED
);
COMMENT ON TABLE idh.preparation IS 'Which revision of each study was prepared last, and with which code and settings.';
COMMENT ON COLUMN idh.preparation.made_with IS 'The version of the patches of the present revision; NULL if it has none.';
COMMENT ON COLUMN idh.preparation.after_surgery IS 'True if every report says so: such a study is never prepared.';

INSERT INTO idh.preparation (study_id, revision, patched_revision, settings_hash, after_surgery)
SELECT
    t.study_id, t.revision, p.revision, p.settings_hash,
    (SELECT bool_and(l.code = 'W_POSTOP') FROM idh.case_link AS l WHERE l.study_id = t.study_id) IS true
FROM idh.study AS t
LEFT JOIN LATERAL (
    SELECT a.revision, a.settings_hash FROM idh.patch AS a
    WHERE a.study_id = t.study_id AND a.revision = t.revision
    ORDER BY a.created_at DESC LIMIT 1
) AS p ON true;
CREATE INDEX preparation_due ON idh.preparation (made_with) WHERE NOT after_surgery;

CREATE FUNCTION idh.study_to_prepare() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO idh.preparation (study_id, revision) VALUES (new.study_id, new.revision)
    ON CONFLICT (study_id) DO UPDATE SET revision = excluded.revision;
    RETURN NULL;
END
$$;
CREATE TRIGGER study_to_prepare AFTER INSERT OR UPDATE OF revision ON idh.study
FOR EACH ROW EXECUTE FUNCTION idh.study_to_prepare();

-- Each row has its own columns, so that a patch and a new revision at the same time do not undo each other.
CREATE FUNCTION idh.study_prepared() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tg_op <> 'INSERT' THEN
        UPDATE idh.preparation SET patched_revision = NULL, settings_hash = NULL
        WHERE study_id = old.study_id AND patched_revision = old.revision AND settings_hash = old.settings_hash;
    END IF;
    IF tg_op <> 'DELETE' THEN
        UPDATE idh.preparation SET patched_revision = new.revision, settings_hash = new.settings_hash
        WHERE study_id = new.study_id AND coalesce(patched_revision <= new.revision, true)
            AND (patched_revision, settings_hash) IS DISTINCT FROM (new.revision, new.settings_hash);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER study_prepared AFTER INSERT OR DELETE OR UPDATE OF study_id, revision, settings_hash ON idh.patch
FOR EACH ROW EXECUTE FUNCTION idh.study_prepared();

CREATE FUNCTION idh.study_linked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text := CASE WHEN tg_op = 'DELETE' THEN old.study_id ELSE new.study_id END;
    found boolean;
BEGIN
    SELECT bool_and(l.code = 'W_POSTOP') IS true INTO found FROM idh.case_link AS l WHERE l.study_id = wanted;
    UPDATE idh.preparation SET after_surgery = found WHERE study_id = wanted AND after_surgery <> found;
    RETURN NULL;
END
$$;
-- At the end of the transaction: linking locks studies first, as ingest does, and deletes links before it makes new ones.
CREATE CONSTRAINT TRIGGER study_linked AFTER INSERT OR UPDATE OR DELETE ON idh.case_link
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION idh.study_linked();

-- As in 0025, from the table above: only studies that are not prepared with this version are read. A version that was
-- in use before may find patches of its own.
CREATE OR REPLACE FUNCTION idh.due_studies(version text) RETURNS TABLE (study_id text, again boolean)
LANGUAGE sql STABLE AS $$
    SELECT
        d.study_id,
        EXISTS (
            SELECT FROM idh.patch AS p
            WHERE p.study_id = d.study_id AND (p.settings_hash <> version OR p.revision <> d.revision)
            OFFSET 0
        ) AS again
    FROM (
        SELECT n.study_id, n.revision
        FROM idh.preparation AS n
        WHERE NOT n.after_surgery
            AND (n.made_with IS NULL OR n.made_with < version OR n.made_with > version)
            AND NOT EXISTS (
                SELECT FROM idh.patch AS p
                WHERE p.study_id = n.study_id AND p.revision = n.revision AND p.settings_hash = version
                OFFSET 0
            )
        UNION ALL
        SELECT DISTINCT n.study_id, n.revision
        FROM idh.patch AS p
        JOIN idh.preparation AS n ON n.study_id = p.study_id AND n.revision = p.revision
        JOIN idh.review AS v ON v.kind = 'automatic_roi' AND v.subject = p.study_id AND v.answer = 'accept'
        WHERE p.settings_hash = version AND p.code = 'W_ROI_PROPOSED' AND v.answered_at > p.created_at
            AND NOT n.after_surgery
    ) AS d
$$;

-- The persons of the cohort by everything that the page tells apart: a few hundred rows, whatever their number.
CREATE TABLE idh.cohort_group (
    stage text NOT NULL,
    code text,
    idh_status text,
    sequences text[] NOT NULL,
    patients bigint NOT NULL,
    women bigint NOT NULL,
    men bigint NOT NULL,
    ages bigint NOT NULL,
    age_sum double precision,
    age_squares double precision,
    youngest double precision,
    oldest double precision,
    UNIQUE NULLS NOT DISTINCT (stage, code, idh_status, sequences)
);
COMMENT ON TABLE idh.cohort_group IS 'How many persons of idh.cohort_place are alike, with their age in years and sex.';

CREATE FUNCTION idh.keep_cohort_groups() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN
        DELETE FROM idh.cohort_group;
        INSERT INTO idh.cohort_group
        SELECT
            k.stage, k.code, k.idh_status, k.sequences, count(*),
            count(*) FILTER (WHERE o.sex = 'F'), count(*) FILTER (WHERE o.sex = 'M'),
            count(t.age_years), sum(t.age_years), sum(t.age_years * t.age_years), min(t.age_years), max(t.age_years)
        FROM idh.cohort_place AS k
        LEFT JOIN idh.study AS t ON t.study_id = k.study_id
        LEFT JOIN idh.patient AS o ON o.patient_key = t.patient_key
        GROUP BY k.stage, k.code, k.idh_status, k.sequences;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION idh.keep_cohort_groups IS 'Counts idh.cohort_place anew after a statement that has changed it.';
CREATE TRIGGER cohort_groups_inserted AFTER INSERT ON idh.cohort_place
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_cohort_groups();
CREATE TRIGGER cohort_groups_updated AFTER UPDATE ON idh.cohort_place
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_cohort_groups();
CREATE TRIGGER cohort_groups_deleted AFTER DELETE ON idh.cohort_place
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_cohort_groups();
UPDATE idh.cohort_place SET stage = stage;
REVOKE EXECUTE ON FUNCTION
    idh.keep_cohort_groups(), idh.study_to_prepare(), idh.study_prepared(), idh.study_linked()
FROM PUBLIC;

-- The patients of one person, by index; the view person_of reads all patients for it.
CREATE FUNCTION idh.patients_of(person text) RETURNS TABLE (patient_key text)
LANGUAGE sql STABLE AS $$
    SELECT x.patient_key FROM idh.person AS x WHERE x.person_key = person
    UNION
    SELECT p.patient_key FROM idh.patient AS p
    WHERE p.patient_key = person
        AND NOT EXISTS (SELECT FROM idh.person AS x WHERE x.patient_key = person AND x.person_key <> person)
$$;
COMMENT ON FUNCTION idh.patients_of IS 'The keys of the patients who are one person.';

-- Indexes in the order of the lists, or with all that a count needs.
CREATE INDEX study_beginning ON idh.study (study_id text_pattern_ops);
DROP INDEX idh.study_manufacturer;
CREATE INDEX study_manufacturer ON idh.study (manufacturer, ingested_at DESC, study_id);
DROP INDEX idh.study_arrival;
DROP INDEX idh.review_answered;
CREATE INDEX review_answered ON idh.review (answered_at DESC, review_id) WHERE answer IS NOT NULL;
CREATE INDEX dataset_member_patch ON idh.dataset_member (patch_id);
CREATE INDEX training_run_latest ON idh.training_run (created_at DESC, run_id);
CREATE INDEX training_run_dataset ON idh.training_run (dataset_id, created_at DESC, run_id);
DROP INDEX idh.prediction_model;
CREATE INDEX prediction_model ON idh.prediction (model_id, study_id) INCLUDE (patch_id);
DROP INDEX idh.quarantine_code;
CREATE INDEX quarantine_code ON idh.quarantine (code, created_at, subject) INCLUDE (scope, item_id)
WHERE readmitted_at IS NULL;
CREATE INDEX ingest_night_listed ON idh.ingest_night (source, occurred_at DESC) WHERE listed;
CREATE INDEX feed_night_read ON idh.feed_night (occurred_at DESC) WHERE rows_there IS NOT NULL;
CREATE INDEX audit_event_occurred ON idh.audit_event (occurred_at, event_id);
CREATE INDEX audit_event_deed ON idh.audit_event (actor, action, event_id DESC);
-- Who does what is not independent: without this, a pair that never occurs is sought in the whole log.
CREATE STATISTICS idh.audit_event_deeds (mcv) ON actor, action FROM idh.audit_event;
