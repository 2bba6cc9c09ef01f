-- What the flow of the cohort is made of, counted when linking or preprocessing has changed it, so that the page does
-- not count all patients again.
CREATE TABLE idh.cohort_count (
    settings_hash text PRIMARY KEY,
    counts jsonb NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT now()
);
GRANT INSERT, UPDATE ON idh.cohort_count TO idh_link, idh_preprocess;
