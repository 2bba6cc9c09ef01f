-- What the choice between several series of one sequence needs, and what a series says about a contrast agent.
ALTER TABLE idh.series
    ADD COLUMN coverage_mm double precision NOT NULL DEFAULT 0,
    ADD COLUMN contrast text NOT NULL DEFAULT 'unstated'
        CHECK (contrast IN ('before', 'after', 'unstated', 'open'));
COMMENT ON COLUMN idh.series.coverage_mm IS 'Smallest extent of the volume; 0 if unknown, which is preferred least.';
COMMENT ON COLUMN idh.series.contrast IS 'What header and name state; open: a 3D T1 that the study must settle.';
