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

-- Links are written by the thousand: their studies are noted once per statement, as 0045 noted them by row.
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
DROP TRIGGER note_study ON idh.case_link;
CREATE TRIGGER note_studies_added AFTER INSERT ON idh.case_link
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_studies('document', 'predict');
CREATE TRIGGER note_studies_removed AFTER DELETE ON idh.case_link
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.note_studies('document', 'predict');
CREATE TRIGGER note_study AFTER UPDATE ON idh.case_link
FOR EACH ROW EXECUTE FUNCTION idh.note_study('document', 'predict');

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
    idh.note_patients_of_reports(), idh.note_merge(), idh.note_person(), idh.note_studies(), idh.note_answer()
FROM PUBLIC;
GRANT UPDATE ON idh.due_work TO idh_link;

-- The places of those noted alone are derived again. Age and sex are kept with a place, so that the groups change by
-- what a statement has removed and added.
DROP TRIGGER cohort_groups_inserted ON idh.cohort_place;
DROP TRIGGER cohort_groups_updated ON idh.cohort_place;
DROP TRIGGER cohort_groups_deleted ON idh.cohort_place;
DROP FUNCTION idh.keep_cohort_groups();
DROP FUNCTION idh.cohort_places(text);
ALTER TABLE idh.cohort_place ADD COLUMN sex text, ADD COLUMN age_years numeric(4, 1);
COMMENT ON COLUMN idh.cohort_place.age_years IS 'Age and sex of the patient at imaging, of the study that counts.';
DELETE FROM idh.cohort_group;
ALTER TABLE idh.cohort_group
    ADD COLUMN group_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ALTER COLUMN age_sum TYPE numeric,
    ALTER COLUMN age_squares TYPE numeric;
CREATE TABLE idh.cohort_age (
    group_id bigint NOT NULL REFERENCES idh.cohort_group ON DELETE CASCADE,
    age_years numeric(4, 1) NOT NULL,
    patients bigint NOT NULL,
    PRIMARY KEY (group_id, age_years)
);
COMMENT ON TABLE idh.cohort_age IS 'How many persons of a group of the cohort have each age: the youngest may leave.';
CREATE INDEX cohort_age_empty ON idh.cohort_age (group_id) WHERE patients = 0;

CREATE FUNCTION idh.keep_cohort_groups() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed text := 'WITH changed AS (' || CASE tg_op
        WHEN 'INSERT' THEN 'SELECT a.*, 1 AS step FROM added AS a'
        WHEN 'DELETE' THEN 'SELECT r.*, -1 AS step FROM removed AS r'
        ELSE 'SELECT a.*, 1 AS step FROM added AS a UNION ALL SELECT r.*, -1 FROM removed AS r'
    END || ') ';
BEGIN
    EXECUTE changed || $sql$
        INSERT INTO idh.cohort_group AS g
            (stage, code, idh_status, sequences, patients, women, men, ages, age_sum, age_squares)
        SELECT
            c.stage, c.code, c.idh_status, c.sequences, sum(c.step),
            coalesce(sum(c.step) FILTER (WHERE c.sex = 'F'), 0), coalesce(sum(c.step) FILTER (WHERE c.sex = 'M'), 0),
            coalesce(sum(c.step) FILTER (WHERE c.age_years IS NOT NULL), 0),
            coalesce(sum(c.step * c.age_years), 0), coalesce(sum(c.step * c.age_years * c.age_years), 0)
        FROM changed AS c
        GROUP BY c.stage, c.code, c.idh_status, c.sequences
        ON CONFLICT (stage, code, idh_status, sequences) DO UPDATE SET
            patients = g.patients + excluded.patients, women = g.women + excluded.women, men = g.men + excluded.men,
            ages = g.ages + excluded.ages, age_sum = g.age_sum + excluded.age_sum,
            age_squares = g.age_squares + excluded.age_squares
    $sql$;
    EXECUTE changed || $sql$
        INSERT INTO idh.cohort_age AS a (group_id, age_years, patients)
        SELECT g.group_id, c.age_years, sum(c.step)
        FROM changed AS c
        JOIN idh.cohort_group AS g
            ON g.stage = c.stage AND g.sequences = c.sequences
            AND g.code IS NOT DISTINCT FROM c.code AND g.idh_status IS NOT DISTINCT FROM c.idh_status
        WHERE c.age_years IS NOT NULL
        GROUP BY g.group_id, c.age_years
        ON CONFLICT (group_id, age_years) DO UPDATE SET patients = a.patients + excluded.patients
    $sql$;
    DELETE FROM idh.cohort_age WHERE patients = 0;
    DELETE FROM idh.cohort_group WHERE patients = 0;
    UPDATE idh.cohort_group AS g SET youngest = b.youngest, oldest = b.oldest
    FROM idh.cohort_group AS k
    CROSS JOIN LATERAL (
        SELECT
            (SELECT min(a.age_years) FROM idh.cohort_age AS a WHERE a.group_id = k.group_id) AS youngest,
            (SELECT max(a.age_years) FROM idh.cohort_age AS a WHERE a.group_id = k.group_id) AS oldest
    ) AS b
    WHERE g.group_id = k.group_id AND (g.youngest, g.oldest) IS DISTINCT FROM (b.youngest, b.oldest);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION idh.keep_cohort_groups IS 'Changes the counts of the groups by what a statement has changed in idh.cohort_place.';

CREATE TEMPORARY TABLE kept_place AS
SELECT k.person_key, k.study_id, k.stage, k.code, k.idh_status, k.sequences, o.sex, t.age_years
FROM idh.cohort_place AS k
LEFT JOIN idh.study AS t ON t.study_id = k.study_id
LEFT JOIN idh.patient AS o ON o.patient_key = t.patient_key;
DELETE FROM idh.cohort_place;
CREATE TRIGGER cohort_groups_inserted AFTER INSERT ON idh.cohort_place
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_cohort_groups();
CREATE TRIGGER cohort_groups_updated AFTER UPDATE ON idh.cohort_place
REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_cohort_groups();
CREATE TRIGGER cohort_groups_deleted AFTER DELETE ON idh.cohort_place
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_cohort_groups();
INSERT INTO idh.cohort_place (person_key, study_id, stage, code, idh_status, sequences, sex, age_years)
SELECT * FROM kept_place;
DROP TABLE kept_place;

-- As in 0025, for some persons: the stage at which each left the cohort and why, or 'included'; their study, label and
-- patches, with age and sex. Keys that are no person's (any more) are passed over.
CREATE FUNCTION idh.cohort_places(version text, persons text[])
RETURNS TABLE (
    person_key text, study_id text, stage text, code text, idh_status text, sequences text[], sex text,
    age_years numeric
)
LANGUAGE sql STABLE AS $$
    WITH asked AS (
        SELECT i.person_key
        FROM unnest(persons) AS i (person_key)
        JOIN idh.patient AS p ON p.patient_key = i.person_key
        WHERE NOT EXISTS (SELECT FROM idh.person AS x WHERE x.patient_key = i.person_key)
    ),
    member AS (
        SELECT a.person_key, a.person_key AS patient_key FROM asked AS a
        UNION ALL
        SELECT x.person_key, x.patient_key FROM asked AS a JOIN idh.person AS x ON x.person_key = a.person_key
    ),
    imaged AS (
        SELECT DISTINCT ON (m.person_key) m.person_key, t.study_id
        FROM member AS m
        JOIN idh.study AS t ON t.patient_key = m.patient_key
        ORDER BY m.person_key, t.study_date DESC, t.study_id
    ),
    -- Of several pairs of report and study, the one that passed the most stages.
    furthest AS (
        SELECT DISTINCT ON (a.person_key) a.person_key, l.study_id, l.chosen, l.idh_status, l.code, s.stage
        FROM asked AS a
        JOIN idh.case_link AS l ON l.patient_key = a.person_key
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN l.code IN ('W_POSTOP', 'W_WINDOW', 'W_NO_SURGERY_DATE', 'W_AMBIGUOUS', 'E_DEMOGRAPHIC_MISMATCH')
                    THEN 'pre-operative'
                WHEN l.code IN ('W_NOT_GBM', 'W_DIAGNOSIS_UNCLEAR') THEN 'glioblastoma'
                WHEN l.code = 'W_EXCLUDED_IMAGES' THEN 'usable sequences'
                WHEN NOT l.chosen OR l.idh_status = 'indeterminate' THEN 'IDH tested'
            END AS stage
        ) AS s
        ORDER BY
            a.person_key, l.chosen DESC,
            array_position(ARRAY['pre-operative', 'glioblastoma', 'IDH tested', 'usable sequences'], s.stage) DESC,
            l.code, l.study_id, l.report_key
    ),
    placed AS (
        SELECT
            a.person_key, coalesce(f.study_id, m.study_id) AS study_id,
            CASE
                WHEN m.person_key IS NULL THEN 'MR'
                WHEN f.person_key IS NULL THEN 'pre-operative'
                WHEN f.stage IS NOT NULL THEN f.stage
                WHEN u.series = 0 THEN 'usable sequences'
                WHEN c.no_roi IS NOT NULL AND c.sequences IS NULL THEN 'ROI'
                WHEN c.sequences IS NULL THEN 'patches'
                ELSE 'included'
            END AS stage,
            CASE
                WHEN m.person_key IS NULL THEN 'W_NO_MR'
                WHEN f.person_key IS NULL THEN 'W_NO_PATHOLOGY'
                WHEN NOT f.chosen THEN f.code
                WHEN f.idh_status = 'indeterminate' THEN 'W_INDETERMINATE'
                WHEN u.series = 0 THEN 'W_NO_USABLE_SERIES'
                WHEN c.sequences IS NULL THEN coalesce(c.no_roi, c.code, 'W_NOT_PREPROCESSED')
            END AS code,
            CASE WHEN f.chosen AND f.idh_status <> 'indeterminate' THEN f.idh_status END AS idh_status,
            CASE WHEN f.chosen THEN coalesce(c.sequences, '{}') ELSE '{}' END AS sequences
        FROM asked AS a
        LEFT JOIN imaged AS m ON m.person_key = a.person_key
        LEFT JOIN furthest AS f ON f.person_key = a.person_key
        LEFT JOIN LATERAL (
            SELECT count(*) AS series
            FROM idh.study AS t
            JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
            WHERE t.study_id = f.study_id
                AND s.sequence NOT IN ('T1C', 'OTHER') AND s.confidence = 'high' AND s.code IS NULL
        ) AS u ON true
        LEFT JOIN LATERAL (
            SELECT
                array_agg(p.sequence ORDER BY p.sequence) FILTER (WHERE p.code IS NULL) AS sequences,
                min(p.code) FILTER (WHERE p.code IN ('E_NO_ROI', 'E_ROI', 'W_ROI_PROPOSED')) AS no_roi,
                min(p.code) AS code
            FROM idh.study AS t
            JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = version
            WHERE t.study_id = f.study_id
        ) AS c ON true
    )
    SELECT
        p.person_key, p.study_id, p.stage,
        CASE
            WHEN p.stage NOT IN ('MR', 'included') AND p.code IS DISTINCT FROM 'W_EXCLUDED_IMAGES' AND EXISTS (
                SELECT FROM idh.review AS v
                WHERE v.person_key = p.person_key AND v.answer IS NULL AND NOT v.moot
                    AND (p.stage NOT IN ('usable sequences', 'patches') OR v.kind = 'series_name')
            ) THEN 'W_AWAITING_REVIEW'
            ELSE p.code
        END,
        p.idh_status, p.sequences, o.sex, t.age_years
    FROM placed AS p
    LEFT JOIN idh.study AS t ON t.study_id = p.study_id
    LEFT JOIN idh.patient AS o ON o.patient_key = t.patient_key
$$;

CREATE FUNCTION idh.persons_to_place(version text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF version IS DISTINCT FROM (SELECT d.version FROM idh.derivation AS d WHERE d.name = 'places') THEN
        RETURN ARRAY(SELECT p.patient_key FROM idh.patient AS p UNION SELECT k.person_key FROM idh.cohort_place AS k);
    END IF;
    RETURN ARRAY(
        SELECT w.item FROM idh.due_work AS w WHERE w.stage = 'place'
        UNION
        SELECT x.person_key
        FROM idh.due_work AS w
        JOIN idh.person AS x ON x.patient_key = w.item
        WHERE w.stage = 'place'
    );
END
$$;
COMMENT ON FUNCTION idh.persons_to_place IS 'The persons whose place may differ from the kept one; all, with another version.';

CREATE FUNCTION idh.keep_places(new_version text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    items text[];
    numbers bigint[];
    persons text[];
BEGIN
    PERFORM pg_advisory_xact_lock(4711004);  -- as cohort/lock_places: the later count must see the earlier
    SELECT array_agg(w.item), array_agg(w.noted) INTO items, numbers FROM idh.due_work AS w WHERE w.stage = 'place';
    persons := idh.persons_to_place(new_version);
    DELETE FROM idh.cohort_place AS k
    WHERE k.person_key = ANY(persons) AND (
        EXISTS (SELECT FROM idh.person AS x WHERE x.patient_key = k.person_key)
        OR NOT EXISTS (SELECT FROM idh.patient AS p WHERE p.patient_key = k.person_key)
    );
    INSERT INTO idh.cohort_place AS k (person_key, study_id, stage, code, idh_status, sequences, sex, age_years)
    SELECT p.person_key, p.study_id, p.stage, p.code, p.idh_status, p.sequences, p.sex, p.age_years
    FROM idh.cohort_places(new_version, persons) AS p
    ON CONFLICT (person_key) DO UPDATE SET
        study_id = excluded.study_id, stage = excluded.stage, code = excluded.code, idh_status = excluded.idh_status,
        sequences = excluded.sequences, sex = excluded.sex, age_years = excluded.age_years, changed_at = now()
    WHERE (k.study_id, k.stage, k.code, k.idh_status, k.sequences, k.sex, k.age_years) IS DISTINCT FROM (
        excluded.study_id, excluded.stage, excluded.code, excluded.idh_status, excluded.sequences, excluded.sex,
        excluded.age_years
    );
    INSERT INTO idh.derivation AS d (name, version) VALUES ('places', new_version)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version WHERE d.version <> excluded.version;
    INSERT INTO idh.cohort_count (settings_hash) VALUES (new_version)
    ON CONFLICT (settings_hash) DO UPDATE SET counted_at = now();
    -- One that is being noted again at this moment stays due.
    DELETE FROM idh.due_work
    WHERE stage = 'place' AND item IN (
        SELECT w.item
        FROM unnest(items, numbers) AS n (item, noted)
        JOIN idh.due_work AS w ON w.stage = 'place' AND w.item = n.item AND w.noted = n.noted
        FOR UPDATE OF w SKIP LOCKED
    );
END
$$;
COMMENT ON FUNCTION idh.keep_places IS 'Keeps the place of each person whose place may have changed, and counts the groups.';

REVOKE EXECUTE ON FUNCTION idh.keep_cohort_groups(), idh.keep_places(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.keep_places(text) TO idh_link, idh_preprocess, idh_train;
REVOKE INSERT, UPDATE, DELETE ON idh.cohort_place FROM idh_link, idh_preprocess;
REVOKE INSERT, UPDATE ON idh.cohort_count FROM idh_link, idh_preprocess;

-- Members of datasets whose label, person, study or outline has changed since are kept by what changes them.
CREATE VIEW idh.member_change AS
SELECT
    m.dataset_id, m.sequence, m.patient_key, m.patch_id,
    CASE
        WHEN o.person_key <> m.patient_key THEN 'W_PERSON_CHANGED'
        WHEN l.study_id IS NULL OR l.idh_status = 'indeterminate' THEN 'W_LABEL_WITHDRAWN'
        WHEN (l.idh_status = 'mutant') <> m.mutant THEN 'W_LABEL_CHANGED'
        WHEN l.study_id <> t.study_id THEN 'W_STUDY_CHANGED'
        WHEN p.code = 'W_ROI_PROPOSED' THEN 'W_OUTLINE_WITHDRAWN'
    END AS code
FROM idh.dataset_member AS m
JOIN idh.patch AS p ON p.patch_id = m.patch_id
JOIN idh.study AS t ON t.study_id = p.study_id
JOIN idh.person_of AS o ON o.patient_key = t.patient_key
LEFT JOIN idh.case_link AS l ON l.patient_key = o.person_key AND l.chosen;
COMMENT ON VIEW idh.member_change IS 'What has changed about each member of a dataset since; NULL if nothing. Reads history.';

CREATE TABLE idh.affected (
    dataset_id text NOT NULL,
    sequence text NOT NULL,
    patient_key text NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (dataset_id, sequence, patient_key),
    FOREIGN KEY (dataset_id, sequence, patient_key) REFERENCES idh.dataset_member ON DELETE CASCADE
);
COMMENT ON TABLE idh.affected IS 'Members of datasets whose label, person, study or outline has changed since.';
INSERT INTO idh.affected (dataset_id, sequence, patient_key, code)
SELECT c.dataset_id, c.sequence, c.patient_key, c.code FROM idh.member_change AS c WHERE c.code IS NOT NULL;

CREATE OR REPLACE VIEW idh.affected_member AS
SELECT m.dataset_id, m.sequence, m.patient_key, m.patch_id, m.report_key, m.report_version, m.mutant, a.code
FROM idh.affected AS a
JOIN idh.dataset_member AS m USING (dataset_id, sequence, patient_key);

CREATE FUNCTION idh.keep_affected(studies text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    WITH present AS MATERIALIZED (
        SELECT c.dataset_id, c.sequence, c.patient_key, c.code
        FROM idh.patch AS p
        JOIN idh.member_change AS c ON c.patch_id = p.patch_id
        WHERE p.study_id = ANY(studies)
    ),
    settled AS (
        DELETE FROM idh.affected AS a USING present AS c
        WHERE c.code IS NULL
            AND (a.dataset_id, a.sequence, a.patient_key) = (c.dataset_id, c.sequence, c.patient_key)
    )
    INSERT INTO idh.affected AS a (dataset_id, sequence, patient_key, code)
    SELECT c.dataset_id, c.sequence, c.patient_key, c.code FROM present AS c WHERE c.code IS NOT NULL
    ON CONFLICT (dataset_id, sequence, patient_key) DO UPDATE SET code = excluded.code WHERE a.code <> excluded.code
$$;
CREATE FUNCTION idh.keep_affected_of_links() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.keep_affected(ARRAY(
        SELECT t.study_id
        FROM (SELECT DISTINCT c.patient_key FROM changed AS c) AS c
        CROSS JOIN LATERAL idh.patients_of(c.patient_key) AS o
        JOIN idh.study AS t ON t.patient_key = o.patient_key
    ));
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.keep_affected_of_patient() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.keep_affected(ARRAY(
        SELECT t.study_id FROM idh.study AS t WHERE t.patient_key IN (old.patient_key, new.patient_key)
    ));
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.keep_affected_of_study() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM idh.keep_affected(ARRAY[new.study_id]);
    RETURN NULL;
END
$$;
CREATE FUNCTION idh.keep_affected_of_members() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO idh.affected (dataset_id, sequence, patient_key, code)
    SELECT c.dataset_id, c.sequence, c.patient_key, c.code
    FROM added AS a
    JOIN idh.member_change AS c USING (dataset_id, sequence, patient_key)
    WHERE c.code IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_affected_added AFTER INSERT ON idh.case_link
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_affected_of_links();
CREATE TRIGGER keep_affected_removed AFTER DELETE ON idh.case_link
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_affected_of_links();
CREATE TRIGGER keep_affected_changed AFTER UPDATE ON idh.case_link
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_affected_of_links();
CREATE TRIGGER keep_affected AFTER INSERT OR UPDATE OR DELETE ON idh.person
FOR EACH ROW EXECUTE FUNCTION idh.keep_affected_of_patient();
CREATE TRIGGER keep_affected AFTER UPDATE OF patient_key ON idh.study
FOR EACH ROW WHEN (old.patient_key <> new.patient_key) EXECUTE FUNCTION idh.keep_affected_of_study();
CREATE TRIGGER keep_affected AFTER UPDATE OF code ON idh.patch
FOR EACH ROW WHEN (old.code IS DISTINCT FROM new.code) EXECUTE FUNCTION idh.keep_affected_of_study();
CREATE TRIGGER keep_affected AFTER INSERT ON idh.dataset_member
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION idh.keep_affected_of_members();

-- The outcome of each study as linked last, counted by what changes it.
CREATE TABLE idh.study_outcome (
    study_id text PRIMARY KEY REFERENCES idh.study ON DELETE CASCADE,
    outcome text NOT NULL
);
COMMENT ON TABLE idh.study_outcome IS 'The label of each study that was linked, or the code for which it has none.';
CREATE TABLE idh.outcome_count (
    outcome text PRIMARY KEY,
    studies bigint NOT NULL
);
COMMENT ON TABLE idh.outcome_count IS 'How many studies of idh.study_outcome have each outcome.';
CREATE FUNCTION idh.count_outcomes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tg_op <> 'INSERT' THEN
        INSERT INTO idh.outcome_count AS k (outcome, studies)
        SELECT r.outcome, -count(*) FROM removed AS r GROUP BY r.outcome ORDER BY r.outcome
        ON CONFLICT (outcome) DO UPDATE SET studies = k.studies + excluded.studies;
    END IF;
    IF tg_op <> 'DELETE' THEN
        INSERT INTO idh.outcome_count AS k (outcome, studies)
        SELECT a.outcome, count(*) FROM added AS a GROUP BY a.outcome ORDER BY a.outcome
        ON CONFLICT (outcome) DO UPDATE SET studies = k.studies + excluded.studies;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_outcomes_added AFTER INSERT ON idh.study_outcome
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION idh.count_outcomes();
CREATE TRIGGER count_outcomes_removed AFTER DELETE ON idh.study_outcome
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION idh.count_outcomes();
CREATE TRIGGER count_outcomes_changed AFTER UPDATE ON idh.study_outcome
REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION idh.count_outcomes();
INSERT INTO idh.study_outcome (study_id, outcome)
SELECT t.study_id, coalesce(max(l.idh_status) FILTER (WHERE l.chosen), min(l.code), 'W_NO_PATHOLOGY')
FROM idh.study AS t
LEFT JOIN idh.case_link AS l ON l.study_id = t.study_id
GROUP BY t.study_id;
GRANT INSERT, UPDATE ON idh.study_outcome TO idh_link;

REVOKE EXECUTE ON FUNCTION
    idh.keep_affected(text[]), idh.keep_affected_of_links(), idh.keep_affected_of_patient(),
    idh.keep_affected_of_study(), idh.keep_affected_of_members(), idh.count_outcomes()
FROM PUBLIC;

-- Whether a training is due follows from the places that have changed since the last dataset.
ALTER TABLE idh.cohort_place ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN idh.cohort_place.changed_at IS 'When anything of the place, or age or sex, was changed last.';
CREATE INDEX cohort_place_changed ON idh.cohort_place (changed_at);
