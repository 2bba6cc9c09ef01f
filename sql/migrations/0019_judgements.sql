-- What was judged about each network, and what a person decided about it; the course of a training.
CREATE TABLE idh.judgement (
    run_id text NOT NULL,
    sequence text NOT NULL,
    champion_id text REFERENCES idh.model,
    accepted boolean NOT NULL,
    verdict text NOT NULL,
    compared integer NOT NULL,
    changed integer NOT NULL,
    relabelled integer NOT NULL,
    digest text NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT now(),
    decision text CHECK (decision IN ('approved', 'not approved')),
    decided_by text,
    comment text,
    decided_at timestamptz,
    PRIMARY KEY (run_id, sequence),
    FOREIGN KEY (run_id, sequence) REFERENCES idh.sequence_result
);
COMMENT ON TABLE idh.judgement IS 'The latest judgement of each network, beside the champion of that time.';
COMMENT ON COLUMN idh.judgement.compared IS 'Patients whom both networks have scored while they were held out.';
COMMENT ON COLUMN idh.judgement.changed IS 'Those of them for whom the networks predict another class.';
COMMENT ON COLUMN idh.judgement.relabelled IS 'Those of them whose label has changed since the champion was trained.';
COMMENT ON COLUMN idh.judgement.digest IS 'Of the judgement of the whole run, as a person was shown it.';
GRANT INSERT, UPDATE ON idh.judgement TO idh_train;

ALTER TABLE idh.training_progress ADD COLUMN curve jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN idh.training_progress.curve IS 'Pairs of an epoch and its training loss, one for each checkpoint.';
