-- The search for patients who have the same image is made once per training run, and kept with it.
ALTER TABLE idh.training_run ADD COLUMN twins_searched_at timestamptz;
COMMENT ON COLUMN idh.training_run.twins_searched_at IS
'When all pairs of patients were compared by their images; NULL if this is not on record: such a run is not trained.';

CREATE TABLE idh.twin_pair (
    run_id text NOT NULL REFERENCES idh.training_run,
    sequence text NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    other_key text NOT NULL REFERENCES idh.patient,
    similarity double precision NOT NULL CHECK (similarity > 0),
    PRIMARY KEY (run_id, sequence, patient_key, other_key)
);
COMMENT ON TABLE idh.twin_pair IS 'Patients of a training run who have the same image: one person under two pseudonyms?';
COMMENT ON COLUMN idh.twin_pair.similarity IS 'Largest correlation of the textures of the two images in any band.';
GRANT INSERT ON idh.twin_pair TO idh_train;
GRANT DELETE ON idh.twin_pair TO idh_erase;

-- The reason why a sequence was not trained names the patients by pseudonym.
GRANT UPDATE (reason) ON idh.sequence_result TO idh_erase;
