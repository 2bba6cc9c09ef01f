-- The locked test set: patients from whom no network learns, and the scores of the final networks on them.
CREATE TABLE idh.locked_score (
    run_id text NOT NULL REFERENCES idh.training_run,
    sequence text NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    mutant boolean NOT NULL,
    probability_mutant double precision NOT NULL CHECK (probability_mutant BETWEEN 0 AND 1),
    calibrated double precision NOT NULL CHECK (calibrated BETWEEN 0 AND 1),
    PRIMARY KEY (run_id, sequence, patient_key)
);
COMMENT ON TABLE idh.locked_score IS 'Who is in the locked set follows from the pseudonym and the setting alone.';

-- The patches of a dataset, one object per sequence, in the order of its members' keys.
CREATE TABLE idh.dataset_pack (
    dataset_id text NOT NULL REFERENCES idh.dataset,
    sequence text NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    PRIMARY KEY (dataset_id, sequence)
);
COMMENT ON TABLE idh.dataset_pack IS 'Goes when one of its patients is erased: the next dataset is another one.';
