-- No other transaction proposes, activates or retires a rule until this one ends.
SELECT pg_advisory_xact_lock(4711005)
