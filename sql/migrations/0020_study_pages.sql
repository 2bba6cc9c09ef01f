-- What the page of a study shows: the pictures of its slices, and the task that made each row.

CREATE TABLE idh.study_view (
    study_id text NOT NULL REFERENCES idh.study,
    revision integer NOT NULL,
    settings_hash text NOT NULL,
    layout jsonb NOT NULL,
    object_keys jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (study_id, revision, settings_hash)
);
COMMENT ON TABLE idh.study_view IS 'Pictures of the slices of a study in the reference space, blank outside the brain.';
COMMENT ON COLUMN idh.study_view.layout IS 'Number, size and position of the slices, which each picture stacks.';
COMMENT ON COLUMN idh.study_view.object_keys IS 'Where the picture of each sequence, and that of the outline, is stored.';
GRANT INSERT, UPDATE ON idh.study_view TO idh_preprocess;
GRANT DELETE ON idh.study_view TO idh_erase;

-- A transaction states the Airflow task that opened it, as dag_id/run_id/task_id/map_index. Rows that were written before
-- this migration, or without Airflow, have none.
ALTER TABLE idh.study ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');
ALTER TABLE idh.quarantine ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');
ALTER TABLE idh.case_link ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');
ALTER TABLE idh.patch ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');
ALTER TABLE idh.study_view ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');
ALTER TABLE idh.prediction ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');
ALTER TABLE idh.document ADD COLUMN made_by text DEFAULT nullif(current_setting('idh.task', true), '');

CREATE INDEX IF NOT EXISTS study_arrival ON idh.study (ingested_at DESC, study_id);
CREATE INDEX IF NOT EXISTS study_task ON idh.study (made_by text_pattern_ops);
CREATE INDEX IF NOT EXISTS patch_task ON idh.patch (made_by text_pattern_ops);
CREATE INDEX IF NOT EXISTS patch_version ON idh.patch (settings_hash, study_id, revision) INCLUDE (sequence, code, patch_id);
CREATE INDEX IF NOT EXISTS prediction_task ON idh.prediction (made_by text_pattern_ops);
CREATE INDEX IF NOT EXISTS document_task ON idh.document (made_by text_pattern_ops);
CREATE INDEX IF NOT EXISTS prediction_study ON idh.prediction (study_id);
CREATE INDEX IF NOT EXISTS document_study ON idh.document (study_id);
CREATE INDEX IF NOT EXISTS quarantine_study ON idh.quarantine (study_id);
CREATE INDEX IF NOT EXISTS review_subject ON idh.review (subject);
CREATE INDEX IF NOT EXISTS review_person ON idh.review (person_key);
