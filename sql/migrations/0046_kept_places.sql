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

-- Whether a training is due follows from the places that have changed since the last dataset.
ALTER TABLE idh.cohort_place ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN idh.cohort_place.changed_at IS 'When anything of the place, or age or sex, was changed last.';
CREATE INDEX cohort_place_changed ON idh.cohort_place (changed_at);
