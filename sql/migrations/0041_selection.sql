-- Studies of an archive that were seen and not picked up: counted with the reason, without any name of the hospital's.
CREATE TABLE idh.excluded_study (
    source text NOT NULL,
    study_token text NOT NULL,
    reason text NOT NULL,
    fingerprint text NOT NULL,
    filter_version text NOT NULL,
    item_id text,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, study_token)
);
COMMENT ON COLUMN idh.excluded_study.study_token IS 'A keyed token of the StudyInstanceUID.';
COMMENT ON COLUMN idh.excluded_study.fingerprint IS
'A keyed token of what the archive listed: with another one, the study is decided again.';
COMMENT ON COLUMN idh.excluded_study.filter_version IS 'A hash of the filter: with another one, it is decided again.';
COMMENT ON COLUMN idh.excluded_study.item_id IS
'The delivery, if the study was only decided when its series were asked for; null where its texts told.';
CREATE INDEX excluded_study_item ON idh.excluded_study (item_id) WHERE item_id IS NOT NULL;

-- The counts that pages show, so that a page does not count all of them.
CREATE TABLE idh.exclusion_count (
    source text NOT NULL,
    reason text NOT NULL,
    studies integer NOT NULL,
    PRIMARY KEY (source, reason)
);

-- When an archive was last asked for all studies of a patient, and what called for it.
CREATE TABLE idh.patient_query (
    source text NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    cause text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, patient_key)
);
COMMENT ON COLUMN idh.patient_query.cause IS
'A hash of the reports of the person and of the filter: with another one, the archive is asked again.';

ALTER TABLE idh.ingest_night ADD COLUMN excluded integer NOT NULL DEFAULT 0;
ALTER TABLE idh.ingest_night DROP CONSTRAINT ingest_night_check;
ALTER TABLE idh.ingest_night
    ADD CONSTRAINT ingest_night_check
        CHECK (found = new + unchanged + excluded + quarantined + failed + vanished);

GRANT INSERT, UPDATE, DELETE ON idh.excluded_study, idh.exclusion_count TO idh_ingest;
GRANT INSERT, UPDATE ON idh.patient_query TO idh_ingest;
GRANT DELETE ON idh.patient_query TO idh_erase;
GRANT DELETE ON phi.inbox TO idh_ingest;
