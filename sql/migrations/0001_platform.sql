-- The platform's tables. Identifiers of patients are in schema phi only; schema idh contains pseudonyms.
CREATE SCHEMA phi;
CREATE SCHEMA idh;

CREATE TABLE idh.patient (
    patient_key text PRIMARY KEY,
    sex text CHECK (sex IN ('F', 'M', 'O')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE phi.patient_identity (
    patient_key text PRIMARY KEY REFERENCES idh.patient,
    issuer text NOT NULL,
    identifier text NOT NULL,
    name text,
    birth_date date,
    UNIQUE (issuer, identifier)
);

CREATE TABLE idh.study (
    study_id text PRIMARY KEY,
    patient_key text NOT NULL REFERENCES idh.patient,
    revision integer NOT NULL DEFAULT 1,
    content_hash text NOT NULL,
    study_date date NOT NULL,
    age_years numeric(4, 1),
    manufacturer text NOT NULL,
    roi_key text,
    ingested_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN idh.study.study_date IS 'Shifted by a constant of the patient; intervals are true.';

CREATE TABLE phi.study_identity (
    study_id text PRIMARY KEY REFERENCES idh.study,
    study_instance_uid text NOT NULL UNIQUE,
    accession_number text
);

CREATE TABLE idh.series (
    study_id text NOT NULL REFERENCES idh.study,
    revision integer NOT NULL,
    series_id text NOT NULL,
    sequence text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('high', 'low')),
    evidence text NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    instances integer NOT NULL CHECK (instances > 0),
    PRIMARY KEY (study_id, revision, series_id)
);

CREATE TABLE phi.inbox (
    item_id text PRIMARY KEY,
    source text NOT NULL CHECK (source IN ('bucket', 'pacs')),
    locator text NOT NULL,
    fingerprint text NOT NULL,
    position text NOT NULL,
    state text NOT NULL DEFAULT 'found'
        CHECK (state IN ('found', 'ingested', 'unchanged', 'quarantined', 'failed')),
    code text,
    reason text,
    study_id text REFERENCES idh.study,
    found_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (source, locator, fingerprint)
);
COMMENT ON COLUMN phi.inbox.locator IS 'The hospital''s own name of the delivery: an object key or a UID.';

CREATE TABLE idh.watermark (
    source text PRIMARY KEY,
    position text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE idh.quarantine (
    subject text NOT NULL,
    code text NOT NULL,
    scope text NOT NULL CHECK (scope IN ('delivery', 'instance', 'series', 'study', 'report')),
    study_id text REFERENCES idh.study,
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, code)
);

CREATE TABLE idh.report (
    report_key text NOT NULL,
    version integer NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    report_status text NOT NULL,
    diagnosis text NOT NULL,
    surgery_date date,
    specimen_date date,
    age_years numeric(4, 1),
    idh_status text NOT NULL CHECK (idh_status IN ('mutant', 'wildtype', 'indeterminate')),
    rule text NOT NULL,
    evidence text NOT NULL,
    provisional boolean NOT NULL DEFAULT false,
    who_2021 text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_key, version)
);

CREATE TABLE idh.assay (
    report_key text NOT NULL,
    version integer NOT NULL,
    method text NOT NULL,
    result text NOT NULL CHECK (result IN ('positive', 'negative', 'pending', 'unknown')),
    PRIMARY KEY (report_key, version, method),
    FOREIGN KEY (report_key, version) REFERENCES idh.report
);

CREATE TABLE phi.report_source (
    report_key text NOT NULL,
    version integer NOT NULL,
    report_id text NOT NULL,
    reported jsonb NOT NULL,
    PRIMARY KEY (report_key, version),
    FOREIGN KEY (report_key, version) REFERENCES idh.report
);

CREATE TABLE idh.case_link (
    study_id text NOT NULL REFERENCES idh.study,
    report_key text NOT NULL,
    report_version integer NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    days_before_surgery integer,
    chosen boolean NOT NULL,
    code text NOT NULL,
    linked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (study_id, report_key),
    FOREIGN KEY (report_key, report_version) REFERENCES idh.report (report_key, version)
);
CREATE UNIQUE INDEX case_link_one_per_patient ON idh.case_link (patient_key) WHERE chosen;
COMMENT ON TABLE idh.case_link IS 'Every candidate with the rule that took or refused it; one chosen a patient.';

CREATE TABLE idh.patch (
    patch_id text PRIMARY KEY,
    study_id text NOT NULL REFERENCES idh.study,
    revision integer NOT NULL,
    sequence text NOT NULL,
    settings_hash text NOT NULL,
    provenance text CHECK (provenance IN ('vendor', 'computed', 'acquired')),
    object_key text,
    sha256 text,
    overlap double precision,
    slice_index integer,
    rectangle integer[],
    roi_mean double precision,
    code text,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (study_id, revision, sequence, settings_hash),
    CHECK ((code IS NULL) = (object_key IS NOT NULL))
);
COMMENT ON COLUMN idh.patch.code IS 'Why there is no patch; null where there is one.';

CREATE TABLE idh.dataset (
    dataset_id text PRIMARY KEY,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE idh.dataset_member (
    dataset_id text NOT NULL REFERENCES idh.dataset,
    sequence text NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    patch_id text NOT NULL REFERENCES idh.patch,
    mutant boolean NOT NULL,
    report_key text NOT NULL,
    report_version integer NOT NULL,
    PRIMARY KEY (dataset_id, sequence, patient_key),
    FOREIGN KEY (report_key, report_version) REFERENCES idh.report (report_key, version)
);

CREATE TABLE idh.training_run (
    run_id text PRIMARY KEY,
    dataset_id text NOT NULL REFERENCES idh.dataset,
    settings jsonb NOT NULL,
    code_version text NOT NULL,
    state text NOT NULL DEFAULT 'frozen' CHECK (state IN ('frozen', 'trained', 'evaluated', 'promoted')),
    report_key text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE idh.sequence_result (
    run_id text NOT NULL REFERENCES idh.training_run,
    sequence text NOT NULL,
    code text,
    reason text,
    n integer NOT NULL,
    mutants integer NOT NULL,
    auc double precision,
    auc_low double precision,
    auc_high double precision,
    brier double precision,
    worker text,
    device text,
    seconds double precision,
    PRIMARY KEY (run_id, sequence)
);

CREATE TABLE idh.fold_result (
    run_id text NOT NULL,
    sequence text NOT NULL,
    fold integer NOT NULL,
    n integer NOT NULL,
    mutants integer NOT NULL,
    accuracy double precision NOT NULL,
    loss double precision NOT NULL,
    sensitivity double precision NOT NULL,
    specificity double precision NOT NULL,
    auc double precision NOT NULL,
    learning_curve double precision[] NOT NULL,
    PRIMARY KEY (run_id, sequence, fold),
    FOREIGN KEY (run_id, sequence) REFERENCES idh.sequence_result
);

CREATE TABLE idh.held_out_score (
    run_id text NOT NULL,
    sequence text NOT NULL,
    fold integer NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    mutant boolean NOT NULL,
    probability_mutant double precision NOT NULL CHECK (probability_mutant BETWEEN 0 AND 1),
    PRIMARY KEY (run_id, sequence, fold, patient_key),
    FOREIGN KEY (run_id, sequence, fold) REFERENCES idh.fold_result
);

CREATE TABLE idh.model (
    model_id text PRIMARY KEY,
    run_id text NOT NULL REFERENCES idh.training_run,
    sequence text NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL DEFAULT 'challenger' CHECK (state IN ('challenger', 'champion', 'retired')),
    promoted_at timestamptz,
    UNIQUE (run_id, sequence)
);
CREATE UNIQUE INDEX model_one_champion ON idh.model (sequence) WHERE state = 'champion';

CREATE TABLE idh.prediction (
    patch_id text NOT NULL REFERENCES idh.patch,
    model_id text NOT NULL REFERENCES idh.model,
    study_id text NOT NULL REFERENCES idh.study,
    sequence text NOT NULL,
    probability_mutant double precision NOT NULL CHECK (probability_mutant BETWEEN 0 AND 1),
    in_training boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (patch_id, model_id)
);
COMMENT ON COLUMN idh.prediction.in_training IS 'The model has seen this patient: no measure of its skill.';
COMMENT ON TABLE idh.prediction IS 'For research use; not for diagnosis.';

CREATE TABLE idh.audit_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    occurred_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX study_patient ON idh.study (patient_key);
CREATE INDEX report_patient ON idh.report (patient_key);
CREATE INDEX patch_study ON idh.patch (study_id, revision);
CREATE INDEX inbox_state ON phi.inbox (state);

-- Every pair of a study and a current report of the same patient, with the rule that accepts or rejects it.
CREATE FUNCTION idh.case_candidates(window_days integer)
RETURNS TABLE (
    study_id text, report_key text, report_version integer, patient_key text,
    days_before_surgery integer, code text, chosen boolean
)
LANGUAGE sql STABLE AS $$
    WITH current_report AS (
        SELECT DISTINCT ON (r.report_key) r.*
        FROM idh.report AS r
        ORDER BY r.report_key, r.version DESC
    ),
    conflicting AS (
        SELECT r.patient_key
        FROM current_report AS r
        WHERE r.report_status = 'final' AND r.idh_status <> 'indeterminate'
        GROUP BY r.patient_key
        HAVING count(DISTINCT r.idh_status) > 1
    ),
    usable AS (
        SELECT s.study_id, count(DISTINCT s.sequence) AS sequences
        FROM idh.series AS s
        JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
        WHERE s.confidence = 'high' AND s.sequence <> 'OTHER'
        GROUP BY s.study_id
    ),
    paired AS (
        SELECT
            t.study_id, r.report_key, r.version, t.patient_key, t.study_date,
            coalesce(r.surgery_date, r.specimen_date) - t.study_date AS days_before,
            coalesce(u.sequences, 0) AS sequences,
            CASE
                WHEN r.report_status <> 'final' THEN 'W_NOT_FINAL'
                WHEN r.patient_key IN (SELECT c.patient_key FROM conflicting AS c) THEN 'E_LABEL_CONFLICT'
                WHEN r.diagnosis !~* 'glioblastoma|gbm' THEN 'W_NOT_GBM'
                WHEN coalesce(r.surgery_date, r.specimen_date) IS NULL THEN 'W_NO_SURGERY_DATE'
                WHEN coalesce(r.surgery_date, r.specimen_date) < t.study_date THEN 'W_POSTOP'
                WHEN coalesce(r.surgery_date, r.specimen_date) - t.study_date > window_days THEN 'W_WINDOW'
                ELSE 'OK'
            END AS code
        FROM idh.study AS t
        JOIN current_report AS r ON r.patient_key = t.patient_key
        LEFT JOIN usable AS u ON u.study_id = t.study_id
    ),
    ranked AS (
        SELECT
            p.*,
            row_number() OVER (
                PARTITION BY p.patient_key
                ORDER BY (p.code = 'OK') DESC, p.sequences DESC, p.study_date DESC, p.study_id, p.report_key
            ) AS place
        FROM paired AS p
    )
    SELECT
        r.study_id, r.report_key, r.version, r.patient_key, r.days_before,
        CASE WHEN r.code = 'OK' AND r.place > 1 THEN 'W_OTHER_CHOSEN' ELSE r.code END,
        r.code = 'OK' AND r.place = 1
    FROM ranked AS r
$$;
