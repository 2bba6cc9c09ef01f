-- What is kept of a study: the header for its documents, and which instances its objects hold.
CREATE TABLE idh.study_header (
    study_id text PRIMARY KEY REFERENCES idh.study,
    header bytea NOT NULL
);
COMMENT ON TABLE idh.study_header IS
'A de-identified header of each study, without pixels: documents take patient and study from it.';
GRANT INSERT, UPDATE ON idh.study_header TO idh_ingest;
GRANT INSERT ON idh.study_header TO idh_predict;
GRANT DELETE ON idh.study_header TO idh_erase;

ALTER TABLE idh.study ADD COLUMN manifest_sha256 text;
COMMENT ON COLUMN idh.study.manifest_sha256 IS
'The hash of the object that lists all instances of the study; null where idh.instance still does.';
REVOKE INSERT, UPDATE ON idh.instance FROM idh_ingest;
COMMENT ON TABLE idh.instance IS 'The instances of studies that were stored before version 0048 and not since.';
