SELECT pg_try_advisory_xact_lock(4711042) AS locked
