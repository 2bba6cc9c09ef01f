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
