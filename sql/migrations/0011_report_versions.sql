-- Readings of a report: what contradicts a stored version is stored beside it, and a person decides.
ALTER TABLE idh.report
    ADD COLUMN stated_version bigint,
    ADD COLUMN revision bigint,
    ADD COLUMN corrected boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN idh.report.version IS
'What the laboratory states, or a negative number if another content of that version was stored before.';
COMMENT ON COLUMN idh.report.stated_version IS 'What the laboratory states where version is a negative number.';
COMMENT ON COLUMN idh.report.revision IS 'A number that the sender states beside a version that is a time.';
COMMENT ON COLUMN idh.report.corrected IS 'Its status says that it replaces an earlier final report.';

CREATE TABLE idh.report_channel (
    report_key text NOT NULL,
    version bigint NOT NULL,
    channel text NOT NULL CHECK (channel IN ('view', 'table', 'hl7', 'fhir')),
    PRIMARY KEY (report_key, version, channel),
    FOREIGN KEY (report_key, version) REFERENCES idh.report ON DELETE CASCADE
);
COMMENT ON TABLE idh.report_channel IS 'How a version arrived; not known of versions stored before migration 0011.';

CREATE TABLE idh.report_standing (
    report_key text PRIMARY KEY,
    versions bigint[] NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    options text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE idh.report_standing IS
'The versions that count, of reports with several: one, or those between which a person must choose, or none.';

-- Contradictions were only noted before, and what contradicted was not kept (number 0): these cases wait as well.
INSERT INTO idh.report_standing (report_key, versions, detail, options)
SELECT
    r.report_key, ARRAY[0, r.version],
    jsonb_build_object('versions', jsonb_build_array(
        jsonb_build_object('option', 1, 'note', 'contradicts option 2; it was not kept and cannot be chosen'),
        jsonb_build_object('option', 2, 'version', r.version, 'status', r.report_status, 'IDH status', r.idh_status)
    )),
    ARRAY['2: ' || r.idh_status]
FROM (SELECT DISTINCT ON (l.report_key) l.* FROM idh.report AS l ORDER BY l.report_key, l.version DESC) AS r
JOIN idh.quarantine AS q
    ON q.subject = r.report_key AND q.code = 'E_REPORT_CONFLICT' AND q.readmitted_at IS NULL
    AND q.created_at >= r.received_at
WHERE r.report_status = 'final';
DELETE FROM idh.quarantine WHERE code = 'E_REPORT_CONFLICT';

-- A time of change in the future ended the feed, and parts of reports were read: the view is read once as a whole.
DELETE FROM idh.watermark WHERE source = 'pathology';

ALTER TABLE idh.review DROP CONSTRAINT review_kind_check;
ALTER TABLE idh.review ADD CONSTRAINT review_kind_check CHECK (kind IN (
    'unclear_result', 'unclear_diagnosis', 'report_versions', 'label_conflict', 'several_studies', 'near_miss',
    'merge_mismatch', 'automatic_roi'
));

-- The version of every report that counts, or one for each patient where a person must choose between several.
CREATE OR REPLACE VIEW phi.current_report AS
WITH latest AS (
    SELECT DISTINCT ON (r.report_key, c.patient_key) r.*, c.contested
    FROM idh.report AS r
    LEFT JOIN idh.report_standing AS s ON s.report_key = r.report_key
    CROSS JOIN LATERAL (
        SELECT
            coalesce(cardinality(s.versions) > 1, false) AS contested,
            CASE WHEN cardinality(s.versions) > 1 THEN r.patient_key END AS patient_key
    ) AS c
    WHERE coalesce(s.versions, '{}') = '{}' OR r.version = ANY(s.versions)
    ORDER BY r.report_key, c.patient_key, r.version DESC
)
SELECT
    l.report_key, l.version, l.patient_key, o.person_key, l.report_status, l.age_years, l.rule,
    coalesce(l.glioblastoma, d.answer = 'glioblastoma') AS glioblastoma,
    l.glioblastoma IS NULL AND NOT l.contested AS diagnosis_unclear,
    coalesce(l.surgery_date, l.specimen_date) + coalesce(i.shift_days, 0) AS surgery_day,
    coalesce(v.answer, l.idh_status) AS idh_status,
    l.idh_status = 'indeterminate' AND l.rule LIKE 'unclear%' AND NOT l.contested AS unclear,
    s.birth_date, s.sex,
    coalesce(i.birth_date <> s.birth_date, false)
        OR coalesce(o.sex <> s.sex AND o.sex <> 'O' AND s.sex <> 'O', false) AS mismatch,
    l.contested,
    coalesce(g.versions = '{}', false) AS excluded
FROM latest AS l
JOIN idh.person_of AS o ON o.patient_key = l.patient_key
LEFT JOIN idh.report_standing AS g ON g.report_key = l.report_key
LEFT JOIN phi.patient_identity AS i ON i.patient_key = l.patient_key
LEFT JOIN phi.report_source AS s ON s.report_key = l.report_key AND s.version = l.version
LEFT JOIN idh.review AS v
    ON v.kind = 'unclear_result' AND v.subject = l.report_key AND v.evidence = l.version::text AND v.answer <> 'exclude'
LEFT JOIN idh.review AS d
    ON d.kind = 'unclear_diagnosis' AND d.subject = l.report_key AND d.evidence = l.version::text;

-- A reader of a report sees the version that counts, or all between which a person must choose.
CREATE OR REPLACE FUNCTION phi.read_report(wanted_key text, reader text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    words jsonb;
BEGIN
    SELECT CASE WHEN count(*) > 1 THEN jsonb_agg(s.reported ORDER BY c.version) ELSE min(s.reported::text)::jsonb END
    INTO words
    FROM phi.current_report AS c
    LEFT JOIN idh.report_standing AS g ON g.report_key = c.report_key
    JOIN phi.report_source AS s
        ON s.report_key = c.report_key
        AND (s.version = c.version OR (cardinality(g.versions) > 1 AND s.version = ANY(g.versions)))
    WHERE c.report_key = wanted_key;
    INSERT INTO idh.audit_event (actor, action, subject) VALUES (reader, 'report read', wanted_key);
    RETURN words;
END
$$;

GRANT INSERT ON idh.report_channel TO idh_link;
GRANT INSERT, DELETE ON idh.report_standing TO idh_link;
GRANT DELETE ON idh.report_standing TO idh_erase;
