-- The rate limit of retrieves from the PACS holds over all workers.
CREATE TABLE idh.pacs_turn (
    the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
    next_at timestamptz NOT NULL
);
COMMENT ON TABLE idh.pacs_turn IS 'When the next retrieve from the PACS may start, if `retrieves_per_hour` is set.';
COMMENT ON COLUMN idh.pacs_turn.the_only IS 'The table has one row at most.';
COMMENT ON COLUMN idh.pacs_turn.next_at IS 'The earliest start of the next retrieve.';

GRANT INSERT, UPDATE ON idh.pacs_turn TO idh_ingest;
