-- Each process logs in with its own role: who may connect, and the rights that were still missing.

DO $$
DECLARE
    role text;
BEGIN
    EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database());
    FOREACH role IN ARRAY ARRAY[
        'idh_ingest', 'idh_link', 'idh_preprocess', 'idh_train', 'idh_predict', 'idh_deliver',
        'idh_erase', 'idh_backup', 'idh_pages', 'idh_monitor'
    ] LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    END LOOP;
END
$$;

-- Default privileges hold for tables of the role that grants them: the owner may have changed since migration 0008.
ALTER DEFAULT PRIVILEGES IN SCHEMA idh GRANT SELECT ON TABLES TO
    idh_ingest, idh_link, idh_preprocess, idh_train, idh_predict, idh_deliver, idh_erase, idh_backup, idh_pages,
    idh_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA phi GRANT SELECT ON TABLES TO idh_backup;

-- The outcomes of deliveries without anything that identifies a patient: who may read this cannot read the inbox.
CREATE VIEW idh.delivery_outcome AS
SELECT state, coalesce(code, '') AS code, count(*) AS deliveries
FROM phi.inbox
GROUP BY state, coalesce(code, '');
COMMENT ON VIEW idh.delivery_outcome IS 'Number of deliveries by state and code; reads phi.inbox with its owner''s rights.';

-- A study may complete what is known about its patient; a report or a merge adds only the shift of dates.
GRANT UPDATE (sex) ON idh.patient TO idh_ingest;
GRANT UPDATE (name, birth_date, shift_days) ON phi.patient_identity TO idh_ingest;
GRANT UPDATE (shift_days) ON phi.patient_identity TO idh_link;

-- A new outline settles the question about an earlier one.
GRANT UPDATE (moot) ON idh.review TO idh_preprocess;

-- A dump also reads the sequences that migration 0008 made later than its own GRANT, and the version of the schema.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA idh, phi TO idh_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA idh GRANT SELECT ON SEQUENCES TO idh_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA phi GRANT SELECT ON SEQUENCES TO idh_backup;
GRANT SELECT ON public.schema_version TO idh_backup;
