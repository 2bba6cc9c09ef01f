-- Probabilities are calibrated by slope and intercept, for a stated share of mutants.
ALTER TABLE idh.model
    ADD COLUMN slope double precision NOT NULL DEFAULT 1 CHECK (slope >= 0),
    ADD COLUMN intercept double precision NOT NULL DEFAULT 0,
    ADD COLUMN prevalence double precision CHECK (prevalence BETWEEN 0 AND 1);
UPDATE idh.model SET slope = 1 / temperature;
ALTER TABLE idh.model DROP COLUMN temperature;
COMMENT ON COLUMN idh.model.slope IS
'Of the logit of the output; for networks from before intercepts, the inverse of their temperature.';
COMMENT ON COLUMN idh.model.intercept IS 'Of the logit; it moves balanced outputs to the share of mutants.';
COMMENT ON COLUMN idh.model.prevalence IS
'Share of mutants for which probabilities are stated: of the training cohort, or assumed for the site.';
COMMENT ON COLUMN idh.held_out_score.calibrated IS
'What is stated: calibrated by patients whom other folds held out, for the share of mutants in the cohort.';
COMMENT ON COLUMN idh.prediction.calibrated IS 'What documents state: calibrated by slope and intercept of the network.';

ALTER TABLE idh.sequence_result
    ADD COLUMN log_loss double precision,
    ADD COLUMN constant_log_loss double precision,
    ADD COLUMN in_the_large double precision,
    ADD COLUMN calibration_slope double precision,
    ADD COLUMN parameters integer;
COMMENT ON COLUMN idh.sequence_result.constant_log_loss IS 'Of stating the share of mutants for everybody.';
COMMENT ON COLUMN idh.sequence_result.in_the_large IS 'Mean stated probability minus share of mutants.';
COMMENT ON COLUMN idh.sequence_result.parameters IS 'Of each network.';
-- The calibration error was that of outputs which nobody was told.
UPDATE idh.sequence_result SET ece = NULL;

ALTER TABLE idh.comparison_result
    ADD COLUMN calibrated_brier double precision,
    ADD COLUMN log_loss double precision,
    ADD COLUMN constant_log_loss double precision,
    ADD COLUMN in_the_large double precision,
    ADD COLUMN calibration_slope double precision;
-- The stack found signal in noise, and the mean weighted networks by fits that had seen the labels of the fold.
DELETE FROM idh.comparison_result WHERE name LIKE 'fusion: %';

ALTER TABLE idh.fold_result ADD COLUMN training_curve double precision [] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN idh.fold_result.training_curve IS
'Pairs of an epoch and its mean loss on the training patches; empty for runs that kept none.';
