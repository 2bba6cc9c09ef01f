CREATE TABLE IF NOT EXISTS idh_results (
    report_id text NOT NULL,
    version integer NOT NULL,
    issuer text NOT NULL,
    patient_id text NOT NULL,
    patient_name text,
    birth_date date NOT NULL,
    sex text NOT NULL,
    report_status text NOT NULL,
    diagnosis text NOT NULL,
    surgery_date date,
    specimen_date date,
    age_years numeric(4, 1),
    method text NOT NULL,
    result text NOT NULL,
    PRIMARY KEY (report_id, version, method)
)
