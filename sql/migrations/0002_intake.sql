-- Intake: instances with their hashes, faults of series, quarantined files, the balance of each night by source.
ALTER TABLE idh.series
    ADD COLUMN code text,
    ADD COLUMN reason text,
    ADD COLUMN axial boolean NOT NULL DEFAULT false,
    ADD COLUMN voxel_mm3 double precision NOT NULL DEFAULT 1000000;
COMMENT ON COLUMN idh.series.code IS 'Why the series must not be used; null where it may.';

CREATE TABLE idh.instance (
    study_id text NOT NULL REFERENCES idh.study,
    instance_id text NOT NULL,
    series_id text NOT NULL,
    sha256 text NOT NULL,
    profile text NOT NULL,
    PRIMARY KEY (study_id, instance_id)
);
COMMENT ON COLUMN idh.instance.profile IS 'Version of the code that de-identified it: hashes of one profile compare.';

ALTER TABLE idh.quarantine
    ADD COLUMN item_id text,
    ADD COLUMN object_key text,
    ADD COLUMN readmitted_at timestamptz;
COMMENT ON COLUMN idh.quarantine.object_key IS 'The held bytes, encrypted; null where the source still holds them.';

ALTER TABLE phi.inbox
    DROP CONSTRAINT inbox_source_check,
    DROP CONSTRAINT inbox_state_check,
    ADD CONSTRAINT inbox_source_check CHECK (source IN ('bucket', 'pacs', 'dicomweb')),
    ADD CONSTRAINT inbox_state_check
        CHECK (state IN ('found', 'ingested', 'unchanged', 'quarantined', 'failed', 'vanished')),
    ADD COLUMN times_seen integer NOT NULL DEFAULT 1;

CREATE TABLE idh.ingest_night (
    night_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    found integer NOT NULL,
    new integer NOT NULL,
    unchanged integer NOT NULL,
    quarantined integer NOT NULL,
    failed integer NOT NULL,
    vanished integer NOT NULL,
    flag text,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    CHECK (found = new + unchanged + quarantined + failed + vanished)
);
COMMENT ON COLUMN idh.ingest_night.flag IS 'A code where the night is suspicious, such as E_EMPTY_SUSPECT.';
