-- The gate compares with the best champion so far, over rounds, and counts how often the locked test set is looked at.
ALTER TABLE idh.judgement
    ADD COLUMN best_id text REFERENCES idh.model,
    ADD COLUMN better boolean NOT NULL DEFAULT false,
    ADD COLUMN drifted boolean NOT NULL DEFAULT false,
    ADD COLUMN restores_id text REFERENCES idh.model;
COMMENT ON COLUMN idh.judgement.best_id IS 'The best champion so far, with which the network was compared.';
COMMENT ON COLUMN idh.judgement.better IS 'The network is better than that beyond chance, so that later ones are compared with it.';
COMMENT ON COLUMN idh.judgement.drifted IS 'The networks since the best champion are worse than it on average.';
COMMENT ON COLUMN idh.judgement.restores_id IS 'The best champion so far, if it is proposed again in place of the present one.';
CREATE INDEX judgement_best ON idh.judgement (best_id);

CREATE TABLE idh.locked_look (
    run_id text PRIMARY KEY REFERENCES idh.training_run,
    looked_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.locked_look IS 'Training runs that were judged on the locked test set.';
GRANT INSERT ON idh.locked_look TO idh_train;
