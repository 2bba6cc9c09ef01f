-- The last test of every connection, and the settings of every worker: what the page of sources shows.

CREATE TABLE idh.source_check (
    source text PRIMARY KEY,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'failed', 'not configured')),
    code text,
    sentence text NOT NULL,
    seconds double precision NOT NULL,
    address text NOT NULL,
    origin text NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((outcome = 'failed') = (code IS NOT NULL))
);
COMMENT ON TABLE idh.source_check IS 'The last test of each connection of the worker; an address contains no secret.';

CREATE TABLE idh.worker_settings (
    worker text PRIMARY KEY,
    settings jsonb NOT NULL,
    problems jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.worker_settings IS
'The settings in force on a worker by variable, secrets only as set or not, and one sentence per variable at fault.';

GRANT INSERT, UPDATE ON idh.source_check, idh.worker_settings TO idh_ingest;

-- Each role can compare the version of the schema with that of its code.
GRANT SELECT ON public.schema_version TO
    idh_ingest, idh_link, idh_preprocess, idh_train, idh_predict, idh_deliver, idh_erase, idh_pages, idh_monitor;
