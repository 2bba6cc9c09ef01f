-- The spread of the AUC over the repetitions of a cross-validation.
ALTER TABLE idh.sequence_result
    ADD COLUMN repetitions integer CHECK (repetitions > 1),
    ADD COLUMN auc_lowest double precision,
    ADD COLUMN auc_highest double precision;
COMMENT ON COLUMN idh.sequence_result.auc_lowest IS 'The lowest AUC of a repetition; with one repetition there is none.';
