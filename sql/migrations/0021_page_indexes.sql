-- What the pages read by: a page must not read more as history grows.

CREATE INDEX IF NOT EXISTS prediction_study ON idh.prediction (study_id);
CREATE INDEX IF NOT EXISTS prediction_created ON idh.prediction (created_at);
CREATE INDEX IF NOT EXISTS quarantine_study ON idh.quarantine (study_id);
CREATE INDEX IF NOT EXISTS document_study ON idh.document (study_id);
CREATE INDEX study_latest ON idh.study (ingested_at DESC, study_id);
CREATE INDEX study_manufacturer ON idh.study (manufacturer);
CREATE INDEX quarantine_held ON idh.quarantine (created_at, subject, code) WHERE readmitted_at IS NULL;
CREATE INDEX review_open ON idh.review (opened_at) WHERE answer IS NULL AND NOT moot;
CREATE INDEX ingest_night_occurred ON idh.ingest_night (occurred_at);
-- Each in the order of the page, so that a filter reads no more events than it shows.
CREATE INDEX audit_event_actor ON idh.audit_event (actor, event_id DESC);
CREATE INDEX audit_event_action ON idh.audit_event (action, event_id DESC);
CREATE INDEX audit_event_subject ON idh.audit_event (subject, event_id DESC);
