-- Imaging: the inputs of a patch, the quality of its source, and the sheet by which a person can judge a study.
ALTER TABLE idh.patch
    ADD COLUMN quality jsonb,
    ADD COLUMN origin jsonb;
COMMENT ON COLUMN idh.patch.quality IS 'Figures of the series (signal to noise, ghosting, overlap, …) and its flags.';
COMMENT ON COLUMN idh.patch.origin IS 'Hashes of the inputs, transform to MPRAGE, settings and versions.';

CREATE TABLE idh.qc_sheet (
    study_id text NOT NULL REFERENCES idh.study,
    revision integer NOT NULL,
    settings_hash text NOT NULL,
    object_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (study_id, revision, settings_hash)
);
