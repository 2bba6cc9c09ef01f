-- Temperatures were fitted on training patients and made networks overconfident, so they are removed.
UPDATE idh.model SET temperature = 1;
UPDATE idh.held_out_score SET calibrated = probability_mutant;
UPDATE idh.locked_score SET calibrated = probability_mutant;
COMMENT ON COLUMN idh.held_out_score.calibrated IS
'After temperature scaling, fitted on patients of the training fold whom other folds held out.';

-- Predictions for patients are scaled by the temperature of their network.
ALTER TABLE idh.prediction ADD COLUMN calibrated double precision CHECK (calibrated BETWEEN 0 AND 1);
UPDATE idh.prediction SET calibrated = probability_mutant;
ALTER TABLE idh.prediction ALTER COLUMN calibrated SET NOT NULL;
COMMENT ON COLUMN idh.prediction.calibrated IS 'After temperature scaling; this is what documents state.';
