-- Learning: calibration, canaries, progress, leases, and what the networks are compared with.
ALTER TABLE idh.held_out_score ADD COLUMN calibrated double precision CHECK (calibrated BETWEEN 0 AND 1);
UPDATE idh.held_out_score SET calibrated = probability_mutant;
ALTER TABLE idh.held_out_score ALTER COLUMN calibrated SET NOT NULL;
COMMENT ON COLUMN idh.held_out_score.calibrated IS 'After temperature scaling, fitted on the training fold.';

ALTER TABLE idh.sequence_result
    ADD COLUMN delong_low double precision,
    ADD COLUMN delong_high double precision,
    ADD COLUMN ece double precision,
    ADD COLUMN calibrated_brier double precision,
    ADD COLUMN canary_auc double precision,
    ADD COLUMN canary_low double precision,
    ADD COLUMN canary_high double precision;
COMMENT ON COLUMN idh.sequence_result.canary_auc IS 'On shuffled labels; outside its null interval something leaks.';

ALTER TABLE idh.model
    ADD COLUMN temperature double precision NOT NULL DEFAULT 1,
    ADD COLUMN environment jsonb;

CREATE TABLE idh.training_progress (
    run_id text NOT NULL REFERENCES idh.training_run,
    sequence text NOT NULL,
    fold integer NOT NULL,
    epoch integer NOT NULL,
    loss double precision NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, sequence, fold)
);
COMMENT ON COLUMN idh.training_progress.fold IS '−1 is the network trained on everybody.';

CREATE TABLE idh.training_lease (
    run_id text NOT NULL REFERENCES idh.training_run,
    sequence text NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, sequence)
);

CREATE TABLE idh.comparison_result (
    run_id text NOT NULL REFERENCES idh.training_run,
    name text NOT NULL,
    n integer NOT NULL,
    mutants integer NOT NULL,
    auc double precision NOT NULL,
    auc_low double precision NOT NULL,
    auc_high double precision NOT NULL,
    brier double precision NOT NULL,
    ece double precision NOT NULL,
    PRIMARY KEY (run_id, name)
);
COMMENT ON TABLE idh.comparison_result IS 'Out-of-fold: fusion over sequences, and baselines that a network has to beat.';
