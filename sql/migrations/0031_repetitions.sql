-- Repeated cross-validation: a run keeps its folds, and a score the repetition that it belongs to. Earlier runs had one.
ALTER TABLE idh.fold_result ADD COLUMN repetition integer NOT NULL DEFAULT 0;
ALTER TABLE idh.held_out_score ADD COLUMN repetition integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN idh.fold_result.fold IS 'Numbers run on over the repetitions of a cross-validation.';
COMMENT ON COLUMN idh.held_out_score.repetition IS 'A patient has a score per repetition, and more by random splits.';
UPDATE idh.training_run SET settings = settings || '{"repetitions": 1}' WHERE NOT settings ? 'repetitions';

CREATE TABLE idh.held_out_patient (
    run_id text NOT NULL REFERENCES idh.training_run,
    fold integer NOT NULL,
    repetition integer NOT NULL,
    patient_key text NOT NULL REFERENCES idh.patient,
    PRIMARY KEY (run_id, fold, patient_key)
);
COMMENT ON TABLE idh.held_out_patient IS 'Whom each fold of a run holds out; fold −1 is the locked test set.';
INSERT INTO idh.held_out_patient (run_id, fold, repetition, patient_key)
SELECT DISTINCT run_id, fold, 0, patient_key FROM idh.held_out_score
UNION ALL
SELECT DISTINCT run_id, -1, 0, patient_key FROM idh.locked_score;

CREATE TABLE idh.locked_decision (
    patient_key text PRIMARY KEY REFERENCES idh.patient,
    locked boolean NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.locked_decision IS
'Whether a patient is in the locked test set, decided for good when they are first in a dataset that has one.';
COMMENT ON TABLE idh.locked_score IS 'Scores of the final networks on the locked set; see idh.locked_decision.';
-- Until now a hash of the pseudonym decided: its first 64 bits, as a share of 2^64.
INSERT INTO idh.locked_decision (patient_key, locked)
SELECT
    m.patient_key,
    ('x' || substr(h.hash, 1, 8))::bit(32)::bigint * 4294967296::numeric + ('x' || substr(h.hash, 9, 8))::bit(32)::bigint
    < max(CAST(t.settings ->> 'locked_share' AS numeric)) * 18446744073709551616
FROM idh.training_run AS t
JOIN idh.dataset_member AS m USING (dataset_id)
CROSS JOIN LATERAL (SELECT encode(sha256(convert_to(m.patient_key, 'UTF8')), 'hex') AS hash) AS h
WHERE CAST(t.settings ->> 'locked_share' AS numeric) > 0
GROUP BY m.patient_key, h.hash;

GRANT INSERT ON idh.held_out_patient, idh.locked_decision TO idh_train;
GRANT DELETE ON idh.held_out_patient, idh.locked_decision TO idh_erase;
