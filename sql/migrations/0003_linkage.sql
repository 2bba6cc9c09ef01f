-- Linkage: feeds, merges of patients, questions to people, and labels with their history.
DROP FUNCTION idh.case_candidates(integer);

ALTER TABLE idh.report
    ALTER COLUMN version TYPE bigint,
    ADD COLUMN content_hash text NOT NULL DEFAULT '',
    ADD COLUMN glioblastoma boolean,
    ADD COLUMN who_2016 text NOT NULL DEFAULT '';
UPDATE idh.report SET
    glioblastoma = diagnosis ~* 'glioblastom|gbm',
    who_2016 = CASE idh_status
        WHEN 'mutant' THEN 'glioblastoma, IDH-mutant'
        WHEN 'wildtype' THEN 'glioblastoma, IDH-wildtype'
        ELSE 'glioblastoma, NOS'
    END;
-- The laboratory's texts may name the patient; they are kept in phi.report_source.
ALTER TABLE idh.report DROP COLUMN diagnosis;
COMMENT ON COLUMN idh.report.glioblastoma IS 'Null where the diagnosis is not clear.';
COMMENT ON COLUMN idh.report.content_hash IS 'A version that comes again with other content is a conflict.';

ALTER TABLE idh.assay
    ALTER COLUMN version TYPE bigint,
    ADD COLUMN number integer NOT NULL DEFAULT 1,
    ADD COLUMN words text NOT NULL DEFAULT '',
    DROP CONSTRAINT assay_pkey,
    ADD PRIMARY KEY (report_key, version, method, number);
COMMENT ON COLUMN idh.assay.words IS 'What the laboratory wrote, words of the field alone.';

ALTER TABLE phi.report_source
    ALTER COLUMN version TYPE bigint,
    ADD COLUMN issuer text,
    ADD COLUMN patient_id text,
    ADD COLUMN birth_date date,
    ADD COLUMN sex text;
COMMENT ON COLUMN phi.report_source.reported IS 'As the laboratory wrote it, never changed.';
CREATE INDEX report_source_report ON phi.report_source (report_id);

ALTER TABLE phi.patient_identity ADD COLUMN shift_days integer;
COMMENT ON COLUMN phi.patient_identity.shift_days IS
    'By how much the dates of this key are moved back; two keys of one person have two shifts.';
CREATE INDEX patient_identity_birth ON phi.patient_identity (birth_date);

ALTER TABLE idh.dataset_member ALTER COLUMN report_version TYPE bigint;

-- Links are derived; the next link run makes them again, with the current labels.
DELETE FROM idh.case_link;
ALTER TABLE idh.case_link
    ALTER COLUMN report_version TYPE bigint,
    ADD COLUMN idh_status text NOT NULL CHECK (idh_status IN ('mutant', 'wildtype', 'indeterminate'));
COMMENT ON COLUMN idh.case_link.patient_key IS 'The person: of merged patients, the key that survives.';
COMMENT ON COLUMN idh.case_link.idh_status IS 'The report''s status, or a person''s answer where the text was unclear.';

CREATE TABLE idh.feed_file (
    file_id text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('read', 'held')),
    code text,
    reason text,
    reports integer NOT NULL DEFAULT 0,
    merges integer NOT NULL DEFAULT 0,
    read_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN idh.feed_file.file_id IS 'Keyed hash of name and content: a name may be a patient''s.';

CREATE TABLE idh.feed_night (
    night_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rows_there integer,
    reports_read integer NOT NULL,
    reports_new integer NOT NULL,
    held integer NOT NULL,
    flag text,
    occurred_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN idh.feed_night.rows_there IS 'Rows in the laboratory''s view; null where files alone come.';
COMMENT ON COLUMN idh.feed_night.flag IS 'E_FEED_DROP: the laboratory suddenly has far fewer rows; nothing is trained.';

CREATE TABLE idh.merge_event (
    event_id text PRIMARY KEY,
    prior_key text NOT NULL REFERENCES idh.patient,
    surviving_key text NOT NULL REFERENCES idh.patient,
    undone boolean NOT NULL,
    effective_at timestamptz NOT NULL,
    source text NOT NULL CHECK (source IN ('registry', 'review')),
    received_at timestamptz NOT NULL DEFAULT now(),
    CHECK (prior_key <> surviving_key)
);
COMMENT ON TABLE idh.merge_event IS 'Merges and un-merges, all kept; the latest of a prior key counts.';

CREATE TABLE idh.person (
    patient_key text PRIMARY KEY REFERENCES idh.patient,
    person_key text NOT NULL REFERENCES idh.patient
);
COMMENT ON TABLE idh.person IS 'Whose key lives on, for merged patients alone; derived from idh.merge_event.';
CREATE INDEX person_person ON idh.person (person_key);

CREATE TABLE idh.review (
    review_id text PRIMARY KEY GENERATED ALWAYS AS (md5(kind || ' ' || subject || ' ' || evidence)) STORED,
    kind text NOT NULL
        CHECK (kind IN (
            'unclear_result', 'unclear_diagnosis', 'label_conflict', 'several_studies', 'near_miss', 'merge_mismatch',
            'automatic_roi'
        )),
    subject text NOT NULL,
    evidence text NOT NULL,
    person_key text NOT NULL REFERENCES idh.patient,
    detail jsonb NOT NULL,
    options text[] NOT NULL,
    moot boolean NOT NULL DEFAULT false,
    answer text,
    answered_by text,
    answered_at timestamptz,
    opened_at timestamptz NOT NULL DEFAULT now(),
    asked_at timestamptz,
    UNIQUE (kind, subject, evidence),
    CHECK ((answer IS NULL) = (answered_by IS NULL))
);
COMMENT ON TABLE idh.review IS 'Questions to people; an answer holds as long as the evidence is the same.';
COMMENT ON COLUMN idh.review.moot IS 'The question no longer arises.';

CREATE TABLE idh.erasure (
    patient_key text PRIMARY KEY,
    erased_by text NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.erasure IS 'Who withdrew: nothing of theirs is taken in again. The key says nothing without the secret.';

CREATE TABLE idh.document (
    document_id text PRIMARY KEY,
    study_id text NOT NULL REFERENCES idh.study,
    revision integer NOT NULL,
    content_hash text NOT NULL,
    sop_instance_uid text NOT NULL UNIQUE,
    supersedes text REFERENCES idh.document,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (study_id, content_hash, supersedes)
);
COMMENT ON TABLE idh.document IS 'Structured reports of predictions; a change makes a new one that names the old.';

CREATE INDEX report_current ON idh.report (report_key, version DESC);
CREATE INDEX case_link_report ON idh.case_link (report_key, report_version);
CREATE INDEX dataset_member_report ON idh.dataset_member (report_key);

CREATE VIEW idh.person_of AS
SELECT p.patient_key, coalesce(x.person_key, p.patient_key) AS person_key, p.sex
FROM idh.patient AS p
LEFT JOIN idh.person AS x USING (patient_key);

-- The latest version of every report, with its effective label and whether it matches the patient on record.
CREATE VIEW idh.current_report AS
WITH latest AS (
    SELECT DISTINCT ON (r.report_key) r.*
    FROM idh.report AS r
    ORDER BY r.report_key, r.version DESC
)
SELECT
    l.report_key, l.version, l.patient_key, o.person_key, l.report_status, l.age_years, l.rule,
    coalesce(l.glioblastoma, d.answer = 'glioblastoma') AS glioblastoma,
    l.glioblastoma IS NULL AS diagnosis_unclear,
    coalesce(l.surgery_date, l.specimen_date) + coalesce(i.shift_days, 0) AS surgery_day,
    coalesce(v.answer, l.idh_status) AS idh_status,
    l.idh_status = 'indeterminate' AND l.rule LIKE 'unclear%' AS unclear,
    s.birth_date, s.sex,
    coalesce(i.birth_date <> s.birth_date, false)
        OR coalesce(o.sex <> s.sex AND o.sex <> 'O' AND s.sex <> 'O', false) AS mismatch
FROM latest AS l
JOIN idh.person_of AS o ON o.patient_key = l.patient_key
LEFT JOIN phi.patient_identity AS i ON i.patient_key = l.patient_key
LEFT JOIN phi.report_source AS s ON s.report_key = l.report_key AND s.version = l.version
LEFT JOIN idh.review AS v
    ON v.kind = 'unclear_result' AND v.subject = l.report_key AND v.evidence = l.version::text AND v.answer <> 'exclude'
LEFT JOIN idh.review AS d
    ON d.kind = 'unclear_diagnosis' AND d.subject = l.report_key AND d.evidence = l.version::text;

-- The latest merge event of each prior key, and whether the two patients can be the same person.
CREATE VIEW idh.latest_merge AS
SELECT DISTINCT ON (e.prior_key)
    e.prior_key, e.surviving_key, e.undone,
    coalesce(a.birth_date <> b.birth_date, false)
        OR coalesce(p.sex <> q.sex AND p.sex <> 'O' AND q.sex <> 'O', false) AS mismatch,
    v.answer
FROM idh.merge_event AS e
JOIN idh.patient AS p ON p.patient_key = e.prior_key
JOIN idh.patient AS q ON q.patient_key = e.surviving_key
LEFT JOIN phi.patient_identity AS a ON a.patient_key = e.prior_key
LEFT JOIN phi.patient_identity AS b ON b.patient_key = e.surviving_key
LEFT JOIN idh.review AS v
    ON v.kind = 'merge_mismatch' AND v.subject = e.prior_key AND v.evidence = e.surviving_key
ORDER BY e.prior_key, e.effective_at DESC, e.event_id DESC;

-- Members of datasets whose label, person or study has changed since.
CREATE VIEW idh.affected_member AS
SELECT m.dataset_id, m.sequence, m.patient_key, m.patch_id, m.report_key, m.report_version, m.mutant, f.code
FROM idh.dataset_member AS m
JOIN idh.patch AS p ON p.patch_id = m.patch_id
JOIN idh.study AS t ON t.study_id = p.study_id
JOIN idh.person_of AS o ON o.patient_key = t.patient_key
LEFT JOIN idh.case_link AS l ON l.patient_key = o.person_key AND l.chosen
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN o.person_key <> m.patient_key THEN 'W_PERSON_CHANGED'
        WHEN l.study_id IS NULL OR l.idh_status = 'indeterminate' THEN 'W_LABEL_WITHDRAWN'
        WHEN (l.idh_status = 'mutant') <> m.mutant THEN 'W_LABEL_CHANGED'
        WHEN l.study_id <> t.study_id THEN 'W_STUDY_CHANGED'
    END AS code
) AS f
WHERE f.code IS NOT NULL;
COMMENT ON VIEW idh.affected_member IS 'Members of datasets whose label, person or study has changed since.';
