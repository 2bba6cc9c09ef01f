-- What the filters of studies read by, so that a rare code, flag or label does not read all patches.
CREATE INDEX patch_code ON idh.patch (code, settings_hash) INCLUDE (study_id, revision, sequence) WHERE code IS NOT NULL;
CREATE INDEX patch_flags ON idh.patch USING gin ((quality -> 'flags') jsonb_path_ops);
CREATE INDEX series_code ON idh.series (code) INCLUDE (study_id, revision, sequence) WHERE code IS NOT NULL;
CREATE INDEX case_link_code ON idh.case_link (code) INCLUDE (study_id);
CREATE INDEX case_link_label ON idh.case_link (idh_status) INCLUDE (study_id) WHERE chosen;
CREATE INDEX prediction_model ON idh.prediction (model_id) INCLUDE (study_id, patch_id);

-- Times, flip angle and b-values in the evidence of earlier series have no unit; new ones are written with theirs.
UPDATE idh.series SET evidence =
    regexp_replace(
        regexp_replace(
            regexp_replace(
                split_part(evidence, ' → ', 1), '\m(TI|TE|TR) ([0-9][0-9.e+-]*)(?=,|$)', '\1 \2 ms', 'g'
            ),
            '\mflip ([0-9][0-9.e+-]*)(?=,|$)', 'flip angle \1°'
        ),
        '\mb ([0-9][0-9.e+-]*(, [0-9][0-9.e+-]*(?=,|$))*)', 'b \1 s/mm²'
    ) || substring(evidence FROM ' → .*$')
WHERE evidence ~ '^((TI|TE|TR|flip|b) [0-9][0-9.e+-]*)(,[^→]*)? → '
    AND split_part(evidence, ' → ', 1) !~ ' (ms|s/mm²)(,|$)';
