-- One truth per page: which sources could not be listed or read, what became of what was tried again, and the place of
-- each person in the cohort, from which the page counts and lists.

ALTER TABLE idh.ingest_night
    ADD COLUMN listed boolean NOT NULL DEFAULT true,
    ADD COLUMN reason text;
COMMENT ON COLUMN idh.ingest_night.listed IS 'False if the source could not be listed: flag and reason say why.';

ALTER TABLE idh.feed_night
    ADD COLUMN source text NOT NULL DEFAULT 'files' CHECK (source IN ('laboratory', 'fhir', 'files')),
    ADD COLUMN reason text;
UPDATE idh.feed_night SET source = 'laboratory' WHERE rows_there IS NOT NULL;
ALTER TABLE idh.feed_night ALTER COLUMN source DROP DEFAULT;
COMMENT ON COLUMN idh.feed_night.source IS 'The laboratory''s view, its FHIR server, or files.';
COMMENT ON COLUMN idh.feed_night.flag IS 'A code where the reading failed or is suspicious, such as E_FEED_DROP.';
CREATE INDEX feed_night_latest ON idh.feed_night (source, night_id DESC);
CREATE INDEX feed_night_occurred ON idh.feed_night (occurred_at);

CREATE INDEX patch_created ON idh.patch (created_at) INCLUDE (study_id, revision, settings_hash, code);
CREATE INDEX patch_proposed ON idh.patch (settings_hash, study_id) WHERE code = 'W_ROI_PROPOSED';
CREATE INDEX quarantine_code ON idh.quarantine (code, created_at, subject) WHERE readmitted_at IS NULL;

-- As in 0016; the event also keeps the codes, since an entry that is held again takes the place of the old one.
CREATE OR REPLACE FUNCTION phi.readmit(wanted_subjects text[], operator text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    deliveries bigint;
BEGIN
    WITH readmitted AS (
        UPDATE idh.quarantine SET readmitted_at = now()
        WHERE subject = ANY(wanted_subjects) AND readmitted_at IS NULL AND item_id IS NOT NULL
        RETURNING subject, item_id, code
    ),
    opened AS (
        UPDATE phi.inbox AS i SET state = 'found', code = NULL, reason = NULL
        FROM readmitted AS r WHERE i.item_id = r.item_id
        RETURNING i.item_id
    ),
    recorded AS (
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        SELECT operator, 'readmitted', r.subject, jsonb_build_object('codes', jsonb_agg(r.code ORDER BY r.code))
        FROM readmitted AS r GROUP BY r.subject
    )
    SELECT count(*) INTO deliveries FROM opened;
    RETURN deliveries;
END
$$;

-- The pages may see what became of a delivery, but not what the hospital calls it.
CREATE FUNCTION phi.readmissions(most integer, skipped integer)
RETURNS TABLE (
    event_id bigint, occurred_at timestamptz, actor text, subject text, codes text[], scope text, study_id text,
    state text, code text, held_again text[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT
        e.event_id, e.occurred_at, e.actor, e.subject,
        -- An event of before this migration has no codes.
        CASE WHEN e.detail ? 'codes' THEN ARRAY(SELECT jsonb_array_elements_text(e.detail -> 'codes'))
            ELSE ARRAY(
                SELECT q.code FROM idh.quarantine AS q
                WHERE q.subject = e.subject AND q.item_id IS NOT NULL AND q.created_at <= e.occurred_at ORDER BY q.code
            )
        END,
        h.scope, coalesce(h.study_id, i.study_id), i.state, i.code,
        ARRAY(
            SELECT q.code FROM idh.quarantine AS q
            WHERE q.subject = e.subject AND q.readmitted_at IS NULL ORDER BY q.code
        )
    FROM (
        SELECT a.* FROM idh.audit_event AS a
        WHERE a.action = 'readmitted'
        ORDER BY a.event_id DESC
        LIMIT least(most, 1000) OFFSET skipped
    ) AS e
    LEFT JOIN LATERAL (
        SELECT q.scope, q.study_id, q.item_id FROM idh.quarantine AS q
        WHERE q.subject = e.subject ORDER BY q.item_id IS NULL, q.created_at DESC LIMIT 1
    ) AS h ON true
    LEFT JOIN phi.inbox AS i ON i.item_id = h.item_id
    ORDER BY e.event_id DESC
$$;
COMMENT ON FUNCTION phi.readmissions IS 'What was tried again, the latest first: by whom, its old codes, what became of it.';
REVOKE EXECUTE ON FUNCTION phi.readmissions(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.readmissions(integer, integer) TO idh_pages;

-- Which studies must be prepared: those without a patch, or a reason for none, of their present revision and a version
-- of code and settings, and those whose proposed outline was accepted since; never those after surgery.
-- `again` are those that were prepared with earlier code, settings or images.
CREATE FUNCTION idh.due_studies(version text) RETURNS TABLE (study_id text, again boolean)
LANGUAGE sql STABLE AS $$
    SELECT
        d.study_id,
        EXISTS (
            SELECT FROM idh.patch AS p
            WHERE p.study_id = d.study_id AND (p.settings_hash <> version OR p.revision <> d.revision)
        ) AS again
    FROM (
        SELECT t.study_id, t.revision
        FROM idh.study AS t
        WHERE NOT EXISTS (
            SELECT FROM idh.patch AS p
            WHERE p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = version
        )
        UNION ALL
        SELECT DISTINCT t.study_id, t.revision
        FROM idh.patch AS p
        JOIN idh.study AS t ON t.study_id = p.study_id AND t.revision = p.revision
        JOIN idh.review AS v ON v.kind = 'automatic_roi' AND v.subject = p.study_id AND v.answer = 'accept'
        WHERE p.settings_hash = version AND p.code = 'W_ROI_PROPOSED' AND v.answered_at > p.created_at
    ) AS d
    WHERE (SELECT bool_and(l.code = 'W_POSTOP') FROM idh.case_link AS l WHERE l.study_id = d.study_id) IS NOT true
$$;

-- Each person once: the stage at which they left the cohort and why, or 'included'; their study, label and patches.
CREATE FUNCTION idh.cohort_places(version text)
RETURNS TABLE (person_key text, study_id text, stage text, code text, idh_status text, sequences text[])
LANGUAGE sql STABLE AS $$
    WITH imaged AS (
        SELECT DISTINCT ON (o.person_key) o.person_key, t.study_id
        FROM idh.study AS t
        JOIN idh.person_of AS o USING (patient_key)
        ORDER BY o.person_key, t.study_date DESC, t.study_id
    ),
    -- Of several pairs of report and study, the one that passed the most stages.
    furthest AS (
        SELECT DISTINCT ON (l.patient_key)
            l.patient_key AS person_key, l.study_id, l.chosen, l.idh_status, l.code, s.stage
        FROM idh.case_link AS l
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
            l.patient_key, l.chosen DESC,
            array_position(ARRAY['pre-operative', 'glioblastoma', 'IDH tested', 'usable sequences'], s.stage) DESC,
            l.code, l.study_id
    ),
    usable AS (
        SELECT t.study_id, count(*) AS series
        FROM idh.study AS t
        JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
        WHERE s.sequence NOT IN ('T1C', 'OTHER') AND s.confidence = 'high' AND s.code IS NULL
        GROUP BY t.study_id
    ),
    cut AS (
        SELECT
            t.study_id,
            array_agg(p.sequence ORDER BY p.sequence) FILTER (WHERE p.code IS NULL) AS sequences,
            min(p.code) FILTER (WHERE p.code IN ('E_NO_ROI', 'E_ROI', 'W_ROI_PROPOSED')) AS no_roi,
            min(p.code) AS code
        FROM idh.study AS t
        JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.settings_hash = version
        GROUP BY t.study_id
    ),
    placed AS (
        SELECT
            i.person_key, coalesce(f.study_id, m.study_id) AS study_id,
            CASE
                WHEN m.person_key IS NULL THEN 'MR'
                WHEN f.person_key IS NULL THEN 'pre-operative'
                WHEN f.stage IS NOT NULL THEN f.stage
                WHEN coalesce(u.series, 0) = 0 THEN 'usable sequences'
                WHEN c.no_roi IS NOT NULL AND c.sequences IS NULL THEN 'ROI'
                WHEN c.sequences IS NULL THEN 'patches'
                ELSE 'included'
            END AS stage,
            CASE
                WHEN m.person_key IS NULL THEN 'W_NO_MR'
                WHEN f.person_key IS NULL THEN 'W_NO_PATHOLOGY'
                WHEN NOT f.chosen THEN f.code
                WHEN f.idh_status = 'indeterminate' THEN 'W_INDETERMINATE'
                WHEN coalesce(u.series, 0) = 0 THEN 'W_NO_USABLE_SERIES'
                WHEN c.sequences IS NULL THEN coalesce(c.no_roi, c.code, 'W_NOT_PREPROCESSED')
            END AS code,
            CASE WHEN f.chosen AND f.idh_status <> 'indeterminate' THEN f.idh_status END AS idh_status,
            CASE WHEN f.chosen THEN coalesce(c.sequences, '{}') ELSE '{}' END AS sequences
        FROM (SELECT DISTINCT o.person_key FROM idh.person_of AS o) AS i
        LEFT JOIN imaged AS m USING (person_key)
        LEFT JOIN furthest AS f USING (person_key)
        LEFT JOIN usable AS u ON u.study_id = f.study_id
        LEFT JOIN cut AS c ON c.study_id = f.study_id
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
        p.idh_status, p.sequences
    FROM placed AS p
$$;

CREATE TABLE idh.cohort_place (
    person_key text PRIMARY KEY,
    study_id text,
    stage text NOT NULL,
    code text,
    idh_status text,
    sequences text[] NOT NULL
);
COMMENT ON TABLE idh.cohort_place IS 'The place of each person in the cohort as of the latest count.';
COMMENT ON COLUMN idh.cohort_place.sequences IS 'The sequences of which the study has a patch.';
CREATE INDEX cohort_place_group ON idh.cohort_place (stage, code, person_key);
GRANT INSERT, UPDATE, DELETE ON idh.cohort_place TO idh_link, idh_preprocess;
GRANT DELETE ON idh.cohort_place TO idh_erase;

ALTER TABLE idh.cohort_count DROP COLUMN counts;
COMMENT ON TABLE idh.cohort_count IS 'When the cohort was counted last with each version of code and settings.';
INSERT INTO idh.cohort_place
SELECT p.*
FROM (SELECT c.settings_hash FROM idh.cohort_count AS c ORDER BY c.counted_at DESC LIMIT 1) AS latest,
    idh.cohort_places(latest.settings_hash) AS p;
