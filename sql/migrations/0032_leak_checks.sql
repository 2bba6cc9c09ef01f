-- Negative controls and planted leaks take the place of the canary, whose figures stay as one of the checks.
ALTER TABLE idh.sequence_result ADD COLUMN checks jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN idh.sequence_result.checks IS 'What must not predict the labels, and planted leaks that must be found.';
UPDATE idh.sequence_result
SET checks = jsonb_build_array(jsonb_build_object(
    'name', 'shuffled labels', 'auc', canary_auc, 'p_value', NULL,
    'code', CASE WHEN canary_auc > canary_high THEN 'W_CONTROL' END
))
WHERE canary_auc IS NOT NULL;
ALTER TABLE idh.sequence_result DROP COLUMN canary_auc, DROP COLUMN canary_low, DROP COLUMN canary_high;
