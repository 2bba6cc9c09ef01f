-- However often a run is judged, it is one look.
INSERT INTO idh.locked_look (run_id) VALUES (:run_id)
ON CONFLICT (run_id) DO NOTHING
