-- The ledger of intake: whose study it is, what an archive holds, what was read of it, and years that are fetched later.

-- How fast and how large retrieves were, when a delivery was last listed, and which deliveries wait for a quiet hour.
ALTER TABLE phi.inbox
    ADD COLUMN listed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority >= 0),
    ADD COLUMN seconds double precision,
    ADD COLUMN files integer,
    ADD COLUMN bytes bigint;
COMMENT ON COLUMN phi.inbox.fingerprint IS
'Of a study of an archive: a keyed token of what a listing states; before version 0042, its number of instances.';
COMMENT ON COLUMN phi.inbox.priority IS '0: the next night takes it. Above 0: a backfill takes it, in quiet hours.';
CREATE INDEX inbox_study_date ON phi.inbox (source, position);
CREATE INDEX inbox_waiting ON phi.inbox (source) WHERE state IN ('found', 'failed');

-- A study that belongs to another patient by now.
CREATE TABLE idh.owner_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study_id text NOT NULL REFERENCES idh.study,
    prior_key text NOT NULL,
    patient_key text NOT NULL,
    revision integer NOT NULL,
    documents text[] NOT NULL,
    predictions integer NOT NULL,
    datasets text[] NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.owner_change IS
'A study was stored anew under another patient, and what had used it under the former one.';
CREATE INDEX owner_change_study ON idh.owner_change (study_id);

CREATE TABLE idh.owner_doubt (
    study_id text PRIMARY KEY REFERENCES idh.study,
    code text NOT NULL,
    reason text NOT NULL,
    stated text NOT NULL,
    doubted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.owner_doubt IS
'Studies that a delivery names under another patient but that could not be stored anew: they are not used.';
COMMENT ON COLUMN idh.owner_doubt.stated IS 'A keyed token of patient and birth date that the delivery states.';

GRANT INSERT ON idh.owner_change TO idh_ingest;
GRANT INSERT, UPDATE, DELETE ON idh.owner_doubt TO idh_ingest;
GRANT DELETE ON idh.instance TO idh_ingest;
GRANT UPDATE (accession_number) ON phi.study_identity TO idh_ingest;
GRANT DELETE ON idh.owner_change, idh.owner_doubt TO idh_erase;

-- What an archive said of the series of a known study.
ALTER TABLE phi.study_identity
    ADD COLUMN series_digest text,
    ADD COLUMN series_checked_at timestamptz,
    ADD COLUMN missing_since timestamptz;
COMMENT ON COLUMN phi.study_identity.series_digest IS 'A keyed token of the series UIDs and counts of the last check.';
COMMENT ON COLUMN phi.study_identity.missing_since IS 'Since when the archive does not list the study any more.';
GRANT UPDATE (series_digest, series_checked_at, missing_since) ON phi.study_identity TO idh_ingest;

CREATE INDEX study_identity_checked ON phi.study_identity (series_checked_at NULLS FIRST, study_id);

-- The full listing of an archive, slice by slice.
CREATE TABLE idh.listing_slice (
    slice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    since date,
    until date,
    listed integer NOT NULL,
    known integer NOT NULL,
    held integer NOT NULL,
    open integer NOT NULL,
    excluded integer NOT NULL,
    missing integer NOT NULL,
    balanced boolean GENERATED ALWAYS AS (listed = known + held + open + excluded) STORED,
    listed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.listing_slice IS
'One period of study dates of an archive, listed as a whole; without dates: the studies that have none.';
GRANT INSERT ON idh.listing_slice TO idh_ingest;

-- When a run of ingest began and ended: a backfill yields to it.
CREATE TABLE idh.ingest_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
GRANT INSERT, UPDATE ON idh.ingest_run TO idh_ingest;

-- Years that are fetched in quiet hours.
CREATE TABLE idh.backfill (
    backfill_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    since date NOT NULL,
    until date NOT NULL CHECK (until >= since),
    slice_days integer NOT NULL CHECK (slice_days > 0),
    priority smallint NOT NULL CHECK (priority > 0),
    planned_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX backfill_one_open ON idh.backfill ((finished_at IS NULL)) WHERE finished_at IS NULL;

CREATE TABLE idh.backfill_slice (
    backfill_id bigint NOT NULL REFERENCES idh.backfill,
    since date NOT NULL,
    until date NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'listed', 'done')),
    listed integer,
    taken integer,
    excluded integer,
    instances bigint,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (backfill_id, since),
    CHECK (listed = taken + excluded)
);
GRANT INSERT, UPDATE ON idh.backfill, idh.backfill_slice TO idh_ingest;

-- What waits for a backfill is no delivery without an outcome.
CREATE OR REPLACE FUNCTION phi.open_deliveries(most integer)
RETURNS TABLE (
    item_id text, source text, state text, code text, reason text, times_seen integer, found_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT i.item_id, i.source, i.state, i.code, i.reason, i.times_seen, i.found_at
    FROM phi.inbox AS i
    WHERE i.state IN ('found', 'failed') AND i.priority = 0
    ORDER BY i.found_at, i.item_id
    LIMIT least(most, 1000)
$$;
