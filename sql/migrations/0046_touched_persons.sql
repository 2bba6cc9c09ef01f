-- Links, places in the cohort and affected dataset members are derived again for the persons that something touches:
-- what a derivation reads notes the patient, in the same transaction.

ALTER TABLE idh.due_work
    DROP CONSTRAINT due_work_stage_check,
    ADD CONSTRAINT due_work_stage_check
        CHECK (stage IN ('link', 'place', 'prepare', 'predict', 'document', 'champion'));
COMMENT ON COLUMN idh.due_work.item IS
'A study; of `link` and `place` a patient, of `champion` a sequence whose champion has changed.';

CREATE TABLE idh.derivation (
    name text PRIMARY KEY CHECK (name IN ('links', 'places')),
    version text NOT NULL
);
COMMENT ON TABLE idh.derivation IS 'With which settings links and places were derived; with others, all are derived again.';
GRANT INSERT, UPDATE ON idh.derivation TO idh_link;

CREATE INDEX case_link_patient ON idh.case_link (patient_key);
CREATE INDEX merge_event_prior ON idh.merge_event (prior_key, effective_at DESC, event_id DESC);
CREATE INDEX merge_event_surviving ON idh.merge_event (surviving_key);
CREATE INDEX review_near_miss ON idh.review (evidence) WHERE kind = 'near_miss';
-- The digits of an identifier, as reviews/create_candidate_reviews compares them.
CREATE INDEX report_source_digits
ON phi.report_source (birth_date, ltrim(regexp_replace(patient_id, '\D', '', 'g'), '0'));
CREATE INDEX patient_identity_digits
ON phi.patient_identity (birth_date, ltrim(regexp_replace(identifier, '\D', '', 'g'), '0'));
DROP INDEX phi.patient_identity_birth;

-- What linking reads notes `link`; what the places are derived from notes `place`.
CREATE FUNCTION idh.note_patients(stages text[], patients text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    named text[] := ARRAY(SELECT DISTINCT p FROM unnest(patients) AS p WHERE p IS NOT NULL);
    stage text;
BEGIN
    FOREACH stage IN ARRAY stages LOOP
        PERFORM idh.note_work(stage, named);
    END LOOP;
END
$$;

CREATE FUNCTION idh.note_patient_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_patients(tg_argv, ARRAY[old.patient_key, new.patient_key]);
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.note_patient_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_patients(tg_argv, ARRAY(SELECT DISTINCT c.patient_key FROM changed AS c));
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.note_patient_of_study() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_patients(tg_argv, ARRAY(
        SELECT t.patient_key FROM idh.study AS t WHERE t.study_id IN (old.study_id, new.study_id)
    ));
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.note_patients_of_reports() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A report may have versions of several patients.
    PERFORM idh.note_patients(ARRAY['link'], ARRAY(
        SELECT r.patient_key FROM changed AS c JOIN idh.report AS r ON r.report_key = c.report_key
    ));
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.note_merge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_patients(
        ARRAY['link'], ARRAY[old.prior_key, old.surviving_key, new.prior_key, new.surviving_key]
    );
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.note_person() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.note_patients(
        ARRAY['place'], ARRAY[old.patient_key, old.person_key, new.patient_key, new.person_key]
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER note_patient
AFTER INSERT OR DELETE OR UPDATE OF patient_key, revision, study_date, age_years ON idh.study
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_row('link', 'place');
CREATE TRIGGER note_patient AFTER INSERT OR DELETE OR UPDATE OF sequence, confidence, code, revision ON idh.series
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_of_study('link', 'place');
CREATE TRIGGER note_patient AFTER INSERT OR UPDATE OR DELETE ON idh.study_exclusion
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_of_study('link');
CREATE TRIGGER note_patient AFTER INSERT OR DELETE ON idh.owner_doubt
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_of_study('link');
CREATE TRIGGER note_patient AFTER INSERT OR UPDATE OR DELETE ON idh.patch
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_of_study('place');
CREATE TRIGGER note_patients AFTER INSERT ON idh.patient
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patient_rows('place');
CREATE TRIGGER note_patient AFTER UPDATE OF sex ON idh.patient
FOR EACH ROW WHEN (old.sex IS DISTINCT FROM new.sex) EXECUTE FUNCTION idh.note_patient_row('link', 'place');
CREATE TRIGGER note_patients AFTER INSERT ON phi.patient_identity
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patient_rows('link');
CREATE TRIGGER note_patient AFTER UPDATE ON phi.patient_identity
FOR EACH ROW WHEN (
    (old.birth_date, old.shift_days, old.issuer, old.identifier)
    IS DISTINCT FROM (new.birth_date, new.shift_days, new.issuer, new.identifier)
) EXECUTE FUNCTION idh.note_patient_row('link');
CREATE TRIGGER note_patients_added AFTER INSERT ON idh.report
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patients_of_reports();
CREATE TRIGGER note_patients_removed AFTER DELETE ON idh.report
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patients_of_reports();
CREATE TRIGGER note_patients AFTER UPDATE ON idh.report
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patients_of_reports();
CREATE TRIGGER note_patient_removed AFTER DELETE OR UPDATE OF patient_key ON idh.report
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_row('link');
CREATE TRIGGER note_patients_added AFTER INSERT ON idh.report_standing
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patients_of_reports();
CREATE TRIGGER note_patients_removed AFTER DELETE ON idh.report_standing
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patients_of_reports();
CREATE TRIGGER note_merge AFTER INSERT OR UPDATE OR DELETE ON idh.merge_event
FOR EACH ROW EXECUTE FUNCTION idh.note_merge();
CREATE TRIGGER note_person AFTER INSERT OR UPDATE OR DELETE ON idh.person
FOR EACH ROW EXECUTE FUNCTION idh.note_person();
CREATE TRIGGER note_patients_added AFTER INSERT ON idh.case_link
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patient_rows('place');
CREATE TRIGGER note_patients_removed AFTER DELETE ON idh.case_link
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_patient_rows('place');
CREATE TRIGGER note_patient AFTER UPDATE ON idh.case_link
FOR EACH ROW EXECUTE FUNCTION idh.note_patient_row('place');

CREATE FUNCTION idh.note_answer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked idh.review := coalesce(new, old);
BEGIN
    IF old.answer IS DISTINCT FROM new.answer THEN
        PERFORM idh.note_patients(ARRAY['link'], ARRAY(
            SELECT asked.person_key
            UNION
            SELECT p.patient_key FROM idh.patient AS p
            WHERE asked.kind IN ('near_miss', 'merge_mismatch') AND p.patient_key IN (asked.subject, asked.evidence)
            UNION
            SELECT r.patient_key FROM idh.report AS r
            WHERE asked.kind IN ('unclear_result', 'unclear_diagnosis', 'report_versions')
                AND r.report_key = asked.subject
        ));
    END IF;
    IF (old.person_key, old.answer IS NULL AND NOT old.moot)
        IS DISTINCT FROM (new.person_key, new.answer IS NULL AND NOT new.moot) THEN
        PERFORM idh.note_patients(ARRAY['place'], ARRAY[old.person_key, new.person_key]);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_answer AFTER INSERT OR DELETE OR UPDATE OF answer, moot, person_key ON idh.review
FOR EACH ROW EXECUTE FUNCTION idh.note_answer();

REVOKE EXECUTE ON FUNCTION
    idh.note_patients(text[], text[]), idh.note_patient_row(), idh.note_patient_rows(), idh.note_patient_of_study(),
    idh.note_patients_of_reports(), idh.note_merge(), idh.note_person(), idh.note_answer()
FROM PUBLIC;
GRANT UPDATE ON idh.due_work TO idh_link;

-- Of reports that came before, the versions that count are derived at the next run, too.
SELECT idh.note_work('link', array_agg(r.patient_key ORDER BY r.patient_key))
FROM (SELECT DISTINCT patient_key FROM idh.report) AS r
HAVING count(*) > 0;
