-- One database role per process with only the rights that it needs; an append-only audit log; no true date in schema idh.

-- The view holds birth dates and true dates of surgery, from which the shift of a patient's dates could be subtracted.
ALTER VIEW idh.current_report SET SCHEMA phi;

-- Roles belong to the whole cluster, so an administrator or another database of the platform may have created them
-- already. They have no password and cannot log in; an installation grants both.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'idh_ingest', 'idh_link', 'idh_preprocess', 'idh_train', 'idh_predict', 'idh_deliver',
        'idh_erase', 'idh_backup', 'idh_pages', 'idh_monitor'
    ] LOOP
        -- The owner of the database may have no right to create roles.
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = name);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

-- Schema idh contains no identifier, so every process may read it. Only these five may use schema phi; pages may call
-- one of its functions (below).
GRANT USAGE ON SCHEMA idh TO
    idh_ingest, idh_link, idh_preprocess, idh_train, idh_predict, idh_deliver, idh_erase, idh_backup, idh_pages,
    idh_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA idh TO
    idh_ingest, idh_link, idh_preprocess, idh_train, idh_predict, idh_deliver, idh_erase, idh_backup, idh_pages,
    idh_monitor;
GRANT USAGE ON SCHEMA phi TO idh_ingest, idh_link, idh_deliver, idh_erase, idh_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA phi TO idh_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA idh, phi TO idh_backup;

-- Every process that changes something records an audit event; no process may change one.
GRANT INSERT ON idh.audit_event TO
    idh_ingest, idh_link, idh_preprocess, idh_train, idh_predict, idh_deliver, idh_erase, idh_pages;

-- ingest_studies
GRANT SELECT, INSERT, UPDATE ON phi.inbox TO idh_ingest;
GRANT SELECT, INSERT ON phi.patient_identity, phi.study_identity TO idh_ingest;
GRANT INSERT ON idh.patient, idh.series, idh.ingest_night TO idh_ingest;
GRANT INSERT, UPDATE ON idh.study, idh.instance, idh.watermark, idh.quarantine TO idh_ingest;

-- link_pathology and review_cases
GRANT SELECT ON phi.inbox, phi.current_report TO idh_link;
GRANT SELECT, INSERT ON phi.patient_identity, phi.report_source TO idh_link;
GRANT INSERT ON idh.patient, idh.report, idh.assay, idh.merge_event, idh.feed_file, idh.feed_night TO idh_link;
GRANT INSERT, UPDATE ON idh.watermark, idh.review TO idh_link;
GRANT INSERT, DELETE ON idh.person, idh.case_link TO idh_link;
GRANT INSERT, UPDATE, DELETE ON idh.quarantine TO idh_link;

-- preprocess_studies
GRANT INSERT ON idh.review TO idh_preprocess;
GRANT INSERT, UPDATE ON idh.patch, idh.qc_sheet TO idh_preprocess;

-- retrain_models
GRANT INSERT ON
    idh.dataset, idh.dataset_member, idh.sequence_result, idh.fold_result, idh.held_out_score, idh.locked_score
TO idh_train;
GRANT INSERT, UPDATE ON
    idh.dataset_pack, idh.training_run, idh.model, idh.comparison_result, idh.training_progress
TO idh_train;
GRANT INSERT, UPDATE, DELETE ON idh.training_lease TO idh_train;

-- predict_studies
GRANT INSERT ON idh.prediction, idh.document TO idh_predict;

-- Delivery inserts identifiers into a document when it sends it; it only reads them.
GRANT SELECT ON phi.patient_identity, phi.study_identity TO idh_deliver;

-- Erasure removes everything under a person's keys.
GRANT SELECT, DELETE ON phi.inbox, phi.patient_identity, phi.study_identity, phi.report_source TO idh_erase;
GRANT DELETE ON
    idh.prediction, idh.document, idh.held_out_score, idh.locked_score, idh.dataset_pack, idh.dataset_member,
    idh.case_link, idh.review, idh.qc_sheet, idh.patch, idh.series, idh.instance, idh.quarantine, idh.study,
    idh.assay, idh.report, idh.person, idh.merge_event, idh.patient
TO idh_erase;
GRANT UPDATE ON idh.document, idh.training_run TO idh_erase;
GRANT INSERT ON idh.erasure TO idh_erase;

-- Tables of later migrations are readable by the same roles; rights to write are granted per table.
ALTER DEFAULT PRIVILEGES IN SCHEMA idh GRANT SELECT ON TABLES TO
    idh_ingest, idh_link, idh_preprocess, idh_train, idh_predict, idh_deliver, idh_erase, idh_backup, idh_pages,
    idh_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA phi GRANT SELECT ON TABLES TO idh_backup;

-- The audit log: each event is chained to the one before it when its transaction commits.
CREATE TABLE idh.audit_chain (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id bigint NOT NULL UNIQUE REFERENCES idh.audit_event,
    hash bytea NOT NULL
);
COMMENT ON TABLE idh.audit_chain IS 'SHA-256 of the previous hash and the event: a change of either breaks the chain.';

CREATE FUNCTION idh.audit_hash(previous bytea, event idh.audit_event) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(coalesce(previous, '') || convert_to(concat_ws(
        '|', event.event_id, event.actor, event.action, event.subject, event.detail::text,
        extract(epoch FROM event.occurred_at)
    ), 'UTF8'))
$$;

-- Deferred to the commit, so that the lock is held only briefly.
CREATE FUNCTION idh.chain_audit_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    previous bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(4711002);
    SELECT c.hash INTO previous FROM idh.audit_chain AS c ORDER BY c.position DESC LIMIT 1;
    INSERT INTO idh.audit_chain (event_id, hash) VALUES (NEW.event_id, idh.audit_hash(previous, NEW));
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER chain_audit_event AFTER INSERT ON idh.audit_event
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION idh.chain_audit_event();

CREATE FUNCTION idh.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER refuse_audit_change BEFORE UPDATE OR DELETE ON idh.audit_event
FOR EACH STATEMENT EXECUTE FUNCTION idh.refuse_audit_change();
CREATE TRIGGER refuse_audit_change BEFORE UPDATE OR DELETE ON idh.audit_chain
FOR EACH STATEMENT EXECUTE FUNCTION idh.refuse_audit_change();

-- Events recorded before this migration are chained unchanged.
DO $$
DECLARE
    event idh.audit_event;
    previous bytea;
BEGIN
    FOR event IN SELECT * FROM idh.audit_event ORDER BY event_id LOOP
        previous := idh.audit_hash(previous, event);
        INSERT INTO idh.audit_chain (event_id, hash) VALUES (event.event_id, previous);
    END LOOP;
END
$$;

-- The text of a report for a pathology reader; each call records an audit event with the reader's name.
CREATE FUNCTION phi.read_report(wanted_key text, reader text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    words jsonb;
BEGIN
    SELECT s.reported INTO words
    FROM phi.report_source AS s
    WHERE s.report_key = wanted_key
    ORDER BY s.version DESC LIMIT 1;
    INSERT INTO idh.audit_event (actor, action, subject) VALUES (reader, 'report read', wanted_key);
    RETURN words;
END
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA phi FROM PUBLIC;
GRANT USAGE ON SCHEMA phi TO idh_pages;
GRANT EXECUTE ON FUNCTION phi.read_report(text, text) TO idh_pages;

-- The fingerprint of the pseudonym key: an HMAC, which does not reveal the key.
CREATE TABLE idh.pseudonym_key (
    version integer PRIMARY KEY,
    fingerprint text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON idh.pseudonym_key TO idh_ingest, idh_link, idh_erase;
COMMENT ON TABLE idh.pseudonym_key IS 'Another key would give the same patients new pseudonyms; it is refused.';
